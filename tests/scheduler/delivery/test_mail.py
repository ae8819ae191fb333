"""Mail reaches a real server, and its refusals are told apart."""

import socket
import ssl
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scheduler.delivery.failures import PermanentDeliveryError, TemporaryDeliveryError
from scheduler.delivery.mail import MailServer, send_mail
from tests.builders import NOW
from tests.scheduler.delivery.postoffice import open_post_office


def a_message() -> EmailMessage:
    message = EmailMessage()
    message["To"] = "wang@example.cn"
    message["Subject"] = "联课：1 条通知"
    message["Message-ID"] = "<m1@lianke>"
    message.set_content("周二的课改到周三。\n")
    return message


async def test_a_message_arrives_as_it_was_written() -> None:
    async with open_post_office() as office:
        await send_mail(office.server(), a_message())
    (received,) = office.received
    assert (received["From"], received["Subject"], received["Message-ID"]) == (
        "lianke@example.cn",
        "联课：1 条通知",
        "<m1@lianke>",
    )
    assert received.get_content().splitlines() == ["周二的课改到周三。"]
    assert office.recipients == ["wang@example.cn"]


@pytest.mark.parametrize("stage", ["refuse_recipient", "refuse_message"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("451 4.7.1 Greylisted", TemporaryDeliveryError),
        ("552 5.2.2 Mailbox full", PermanentDeliveryError),
    ],
)
async def test_a_4xx_refusal_is_temporary_and_a_5xx_one_permanent(
    stage: str, said: str, kind: type[Exception]
) -> None:
    async with open_post_office() as office:
        setattr(office, stage, said)
        with pytest.raises(kind, match=said):
            await send_mail(office.server(), a_message())
        assert office.received == []


async def test_a_server_that_is_not_there_is_a_temporary_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        server = MailServer(host="127.0.0.1", port=port, sender="a@example.cn", starttls=False)
        with pytest.raises(TemporaryDeliveryError):
            await send_mail(server, a_message())


async def test_a_refused_password_is_temporary_and_told_nobody() -> None:
    async with open_post_office(sign_in=True) as office:
        await send_mail(office.server(user="lianke", password="right"), a_message())  # noqa: S106 - the test server's
        with pytest.raises(TemporaryDeliveryError) as refused:
            await send_mail(office.server(user="lianke", password="wr0ng"), a_message())  # noqa: S106 - as above
    assert "535" in refused.value.sentence.en
    assert "wr0ng" not in f"{refused.value.sentence}{office.server(password='wr0ng')!r}"  # noqa: S106 - as above


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


async def test_starttls_encrypts_and_is_demanded(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with open_post_office(tls=tls) as office:
        await send_mail(office.server(host="localhost", starttls=True), a_message())
    assert office.encrypted == [True]
    async with open_post_office() as plain:
        with pytest.raises(TemporaryDeliveryError):
            await send_mail(plain.server(starttls=True), a_message())
    assert plain.received == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with open_post_office(tls=tls) as office:
        with pytest.raises(TemporaryDeliveryError):
            await send_mail(office.server(host="localhost", starttls=True), a_message())
    assert office.received == []
