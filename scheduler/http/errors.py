"""The only place that knows an error's status code; answers are problem documents (RFC 9457)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from calendars.text import InvalidValueError, Text
from scheduler.errors import (
    ClashError,
    ForbiddenError,
    InvalidWishError,
    NotFoundError,
    ReusedKeyError,
    SchedulerError,
    StaleError,
    StateError,
    UnavailableError,
    UnknownTokenError,
)
from scheduler.exchange import RefusedFilesError
from scheduler.http.answers import LANGUAGE, encode
from scheduler.http.bodies import fault_in, sent_in
from scheduler.http.faults import (
    Fault,
    FaultyRequestError,
    MissingIfMatchError,
    NotJsonError,
    TooLargeError,
    UnknownPathError,
    WrongMediaTypeError,
    WrongMethodError,
    shown,
    value_at,
)
from scheduler.model import Alternative, Conflict

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TRY_AGAIN_SECONDS: Final = 2
PROBLEM_JSON: Final = "application/problem+json"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of problem: its status, the last part of its address, and its title."""

    status: HTTPStatus
    name: str
    title: Text

    @property
    def type(self) -> str:
        """The stable address of this sort of problem."""
        return f"/problems/{self.name}"


STATUSES: Final[dict[type[SchedulerError], Sort]] = {
    NotJsonError: Sort(
        HTTPStatus.BAD_REQUEST, "not-json", Text("请求正文不是 JSON", "The body is not JSON")
    ),
    UnknownTokenError: Sort(
        HTTPStatus.UNAUTHORIZED, "unknown-token", Text("需要有效的令牌", "A valid token is needed")
    ),
    ForbiddenError: Sort(
        HTTPStatus.FORBIDDEN, "forbidden", Text("没有权限", "Your role does not allow this")
    ),
    NotFoundError: Sort(
        HTTPStatus.NOT_FOUND, "not-found", Text("找不到该对象", "No such thing is known")
    ),
    UnknownPathError: Sort(
        HTTPStatus.NOT_FOUND, "unknown-path", Text("没有这个地址", "Nothing is served here")
    ),
    WrongMethodError: Sort(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "wrong-method",
        Text("该地址不支持此方法", "The address does not take this method"),
    ),
    ClashError: Sort(HTTPStatus.CONFLICT, "clash", Text("与已有安排或规则冲突", "Rules say no")),
    StateError: Sort(
        HTTPStatus.CONFLICT, "wrong-state", Text("当前状态下不能这样做", "Not in this state")
    ),
    StaleError: Sort(
        HTTPStatus.PRECONDITION_FAILED,
        "stale",
        Text("对象已被他人修改", "It was changed meanwhile"),
    ),
    TooLargeError: Sort(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        Text("请求正文过大", "The body is too large"),
    ),
    WrongMediaTypeError: Sort(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "wrong-media-type",
        Text("只接受 JSON", "Only JSON is taken"),
    ),
    FaultyRequestError: Sort(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "faulty-request",
        Text("请求中有无法使用的值", "Some values do not do"),
    ),
    InvalidWishError: Sort(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-wish",
        Text("请求的内容不成立", "The wish cannot be meant"),
    ),
    ReusedKeyError: Sort(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "reused-key",
        Text("Idempotency-Key 已用于另一请求", "The Idempotency-Key was used before"),
    ),
    RefusedFilesError: Sort(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "refused-files",
        Text("文件中有错误", "The files hold errors"),
    ),
    MissingIfMatchError: Sort(
        HTTPStatus.PRECONDITION_REQUIRED,
        "missing-if-match",
        Text("缺少 If-Match", "If-Match is missing"),
    ),
    UnavailableError: Sort(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        Text("暂时无法使用", "Not available right now"),
    ),
}

OUR_FAULT: Final = Sort(
    HTTPStatus.INTERNAL_SERVER_ERROR, "our-fault", Text("服务内部错误", "Our fault")
)
_OUR_FAULT_DETAIL: Final = Text(
    "服务出错，已记录；请稍后再试，并向管理员提供 X-Request-ID。",
    "Something broke on our side and was logged: try again later, and quote X-Request-ID.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, for people (`detail`) and for programs (everything else)."""

    type: str
    title: Text
    status: int
    detail: Text
    errors: tuple[Fault, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the caller did wrong; anything else is our fault and is logged, not told."""
    try:
        return await handler(request)
    except InvalidWishError as error:
        if error.pointer.startswith("/") and error.value is not None:
            sent = value_at(error.pointer[1:], await sent_in(request))
            error.value = error.value if sent is None else sent
        return problem_answer(request, error)
    except SchedulerError as error:
        return problem_answer(request, error)
    except InvalidValueError as error:
        return problem_answer(request, await _faulty(request, error))
    except web.HTTPException as error:
        return _explained(request, error)
    except Exception:
        log.exception("request failed")
        return _answer(request, OUR_FAULT, _OUR_FAULT_DETAIL)


def problem_answer(request: web.Request, error: SchedulerError) -> web.Response:
    """The problem document of an error."""
    sort = STATUSES[type(error)]
    answer = _answer(request, sort, error.text, error)
    if isinstance(error, UnknownTokenError):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="lianke"'
    if isinstance(error, UnavailableError):
        answer.headers["Retry-After"] = str(_TRY_AGAIN_SECONDS)
    if isinstance(error, WrongMethodError):
        answer.headers["Allow"] = ", ".join(error.allowed)
    return answer


async def _faulty(request: web.Request, error: InvalidValueError) -> FaultyRequestError:
    """What a use case found that cannot be meant, with its place in what was sent."""
    if request.method != "GET":
        return FaultyRequestError((fault_in(await sent_in(request), error),))
    value = shown(request.query.get(error.field))
    return FaultyRequestError((Fault(pointer=f"?{error.field}", value=value, detail=error.text),))


def _explained(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """What aiohttp itself refuses, in our words."""
    match error:
        case web.HTTPNotFound():
            return problem_answer(request, _unknown_path())
        case web.HTTPMethodNotAllowed():
            return _wrong_method(request, sorted(error.allowed_methods))
        case web.HTTPRequestEntityTooLarge():
            return problem_answer(request, _too_large())
    raise error


def _faults(error: SchedulerError | None) -> tuple[Fault, ...]:
    if isinstance(error, FaultyRequestError):
        return error.faults
    if isinstance(error, InvalidWishError):
        return (Fault(pointer=error.pointer, value=shown(error.value), detail=error.text),)
    if isinstance(error, ReusedKeyError):
        return (Fault(pointer="Idempotency-Key", value=error.key, detail=error.text),)
    if isinstance(error, RefusedFilesError):
        return tuple(
            Fault(
                pointer=f"{wrong.file}:{wrong.row}:{wrong.column}",
                value=shown(wrong.value),
                detail=wrong.sentence,
            )
            for wrong in error.errors
        )
    return ()


def _answer(
    request: web.Request, sort: Sort, detail: Text, error: SchedulerError | None = None
) -> web.Response:
    language = request[LANGUAGE]
    problem = Problem(
        type=sort.type,
        title=sort.title,
        status=int(sort.status),
        detail=detail,
        errors=_faults(error),
        conflicts=error.conflicts if isinstance(error, ClashError) else (),
        alternatives=error.alternatives if isinstance(error, ClashError) else (),
    )
    return web.Response(
        status=sort.status,
        body=encode(problem, language),
        content_type=PROBLEM_JSON,
        headers={"Content-Language": language, "Vary": "Accept-Language"},
    )


def _unknown_path() -> UnknownPathError:
    return UnknownPathError(
        "没有这个地址；全部地址见 /api/v1/docs。",
        "Nothing is served at this address: see /api/v1/docs for those that are.",
    )


def _too_large() -> TooLargeError:
    return TooLargeError(
        "请求正文不能超过 1 MB；请分批提交。", "A body may be at most 1 MB: send less at once."
    )


def _wrong_method(request: web.Request, methods: list[str]) -> web.Response:
    allowed = (*methods, "OPTIONS")
    if request.method == "OPTIONS":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(allowed)})
    return problem_answer(
        request,
        WrongMethodError(
            f"该地址支持 {', '.join(allowed)}。",
            f"This address takes {', '.join(allowed)}.",
            allowed=allowed,
        ),
    )
