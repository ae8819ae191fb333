"""Everything a use case can ask of the database, in its own words.

Each name is a function of the module that says how; there, too, is what it promises.
"""

from scheduler.store import (
    access as about_access,
)
from scheduler.store import (
    adjustments as about_adjustments,
)
from scheduler.store import (
    audit as about_audit,
)
from scheduler.store import (
    audit_chain as about_audit_chain,
)
from scheduler.store import (
    audit_purge as about_audit_purge,
)
from scheduler.store import (
    audit_trail as about_audit_trail,
)
from scheduler.store import (
    books as about_books,
)
from scheduler.store import (
    channels as about_channels,
)
from scheduler.store import (
    consistency as about_consistency,
)
from scheduler.store import (
    departures as about_departures,
)
from scheduler.store import (
    editions as about_editions,
)
from scheduler.store import (
    file_imports as about_file_imports,
)
from scheduler.store import (
    forgetting as about_forgetting,
)
from scheduler.store import (
    imports as about_imports,
)
from scheduler.store import (
    invitations as about_invitations,
)
from scheduler.store import (
    messages as about_messages,
)
from scheduler.store import (
    migrating as about_migrating,
)
from scheduler.store import (
    news as about_news,
)
from scheduler.store import (
    notices as about_notices,
)
from scheduler.store import (
    outcomes as about_outcomes,
)
from scheduler.store import (
    plans as about_plans,
)
from scheduler.store import (
    proposals as about_proposals,
)
from scheduler.store import (
    records as about_records,
)
from scheduler.store import (
    resources as about_resources,
)
from scheduler.store import (
    searches as about_searches,
)
from scheduler.store import (
    secrecy as about_secrecy,
)
from scheduler.store import (
    sending as about_sending,
)
from scheduler.store import (
    series as about_series,
)
from scheduler.store import (
    sessions as about_sessions,
)
from scheduler.store import (
    showing as about_showing,
)
from scheduler.store import (
    situation as about_situation,
)
from scheduler.store import (
    subscriptions as about_subscriptions,
)
from scheduler.store import (
    surroundings as about_surroundings,
)
from scheduler.store import (
    suspensions as about_suspensions,
)
from scheduler.store import (
    ties as about_ties,
)
from scheduler.store import (
    touched as about_touched,
)
from scheduler.store import (
    untold as about_untold,
)
from scheduler.store import (
    waiting as about_waiting,
)
from scheduler.store import (
    walking as about_walking,
)
from scheduler.store.opened import OpenTransaction


class Transaction(OpenTransaction):
    """Everything between begin and commit. `actor` and `now` go into every audit row it writes."""

    # Records
    get = about_records.get
    list = about_records.list_records
    put = about_records.put
    put_many = about_records.put_many
    delete = about_records.remove
    require = about_records.require

    # What decides a session
    alliance = about_books.alliance
    books = about_books.books
    all_books = about_books.all_books
    situation = about_situation.situation
    lock = about_resources.lock

    # Sessions
    session = about_sessions.session
    sessions = about_sessions.sessions
    sessions_to_show = about_showing.sessions_to_show
    sessions_departed = about_departures.sessions_departed
    series_departed = about_departures.series_departed
    forget_departures = about_departures.forget_departures
    due_holds = about_sessions.due_holds
    add_session = about_sessions.add_session
    add_sessions = about_sessions.add_sessions
    replace_session = about_sessions.replace_session
    replace_sessions = about_sessions.replace_sessions
    series = about_series.series
    series_named = about_series.series_named
    all_series = about_series.all_series
    add_series = about_series.add_series
    replace_series = about_series.replace_series
    continue_ties = about_ties.continue_ties
    ties_of_series = about_ties.ties_of_series

    # What was done to them
    add_adjustment = about_adjustments.add_adjustment
    adjustments = about_adjustments.adjustments
    tally_adjustments = about_adjustments.tally_adjustments

    # What is proposed for sessions
    proposal = about_proposals.proposal
    proposals = about_proposals.proposals
    add_proposal = about_proposals.add_proposal
    replace_proposal = about_proposals.replace_proposal
    held_places = about_proposals.held_places
    overtaken_among = about_proposals.overtaken_among
    suspension = about_suspensions.suspension
    suspensions = about_suspensions.suspensions
    suspensions_on = about_suspensions.suspensions_on
    add_suspension = about_suspensions.add_suspension
    replace_suspension = about_suspensions.replace_suspension
    outcome = about_outcomes.outcome
    outcomes = about_outcomes.outcomes
    add_outcome = about_outcomes.add_outcome
    replace_outcome = about_outcomes.replace_outcome
    open_outcomes = about_outcomes.open_outcomes
    cancelled_without_outcome = about_outcomes.cancelled_without_outcome
    sessions_without_outcome = about_outcomes.sessions_without_outcome

    # What waits for a place
    waiting = about_waiting.waiting
    waiting_list = about_waiting.waiting_list
    add_waiting = about_waiting.add_waiting
    replace_waiting = about_waiting.replace_waiting
    surroundings = about_surroundings.surroundings

    # Calendars from outside
    import_ = about_imports.import_
    imports = about_imports.imports
    count_imports = about_imports.count_imports
    add_import = about_imports.add_import
    replace_import = about_imports.replace_import
    remove_import = about_imports.remove_import
    claim_import = about_imports.claim_import
    leased_import = about_imports.leased_import

    # Files of records from outside
    note_file_import = about_file_imports.note_file_import
    note_undone = about_file_imports.note_undone
    file_import = about_file_imports.file_import

    # Guests
    invitation = about_invitations.invitation
    invitations = about_invitations.invitations
    count_invitations = about_invitations.count_invitations
    add_invitation = about_invitations.add_invitation
    replace_invitation = about_invitations.replace_invitation
    claim_invitation = about_invitations.claim_invitation
    settle_invitation = about_invitations.settle_invitation

    # Plans
    plan = about_plans.plan
    plans = about_plans.plans
    add_plan = about_plans.add_plan
    replace_plan = about_plans.replace_plan
    claim_waiting_plan = about_plans.claim_waiting_plan
    begin_search = about_searches.begin_search
    tell_search = about_searches.tell_search
    search = about_searches.search

    # Who may ask, what was answered, what is told
    add_token = about_access.add_token
    actor_of = about_access.actor_of
    remembered = about_access.remembered
    remember = about_access.remember
    forget_answers = about_access.forget_answers
    add_notices = about_notices.add_notices
    notice = about_notices.notice
    notices = about_notices.notices
    latest_notices = about_notices.latest_notices
    audit = about_audit.read_audit
    past_states = about_audit.past_states
    purge_audit = about_audit_purge.purge_audit

    # How it is told
    channel = about_channels.channel
    channels = about_channels.channels
    add_channel = about_channels.add_channel
    replace_channel = about_channels.replace_channel
    remove_channel = about_channels.remove_channel
    unrouted_notices = about_notices.unrouted_notices
    note_routes = about_notices.note_routes
    waiting_deliveries = about_messages.waiting_deliveries
    add_message = about_messages.add_message
    message = about_messages.message
    messages = about_messages.messages
    revive_message = about_messages.revive_message
    backlog = about_messages.backlog
    stuck_messages = about_messages.stuck_messages
    claim_messages = about_sending.claim_messages
    hold_sender = about_sending.hold_sender
    note_part = about_sending.note_part
    note_failure = about_sending.note_failure
    forget_told = about_forgetting.forget_told

    # Whether all is well
    has_known_schema = about_migrating.has_known_schema
    sessions_by_id = about_walking.sessions_by_id
    live_sessions_by_time = about_walking.live_sessions_by_time
    sessions_named = about_walking.sessions_named
    series_with_a_date_twice = about_walking.series_with_a_date_twice
    inconsistencies = about_consistency.find_inconsistencies
    placed_before_news = about_news.placed_before_news
    follow_audit = about_audit_trail.follow_audit
    untold_changes = about_untold.untold_changes
    open_secrets = about_secrecy.open_secrets
    chain_heads = about_audit_chain.chain_heads
    verify_chain = about_audit_chain.verify_chain

    # Feeds
    add_subscription = about_subscriptions.add_subscription
    subscription_opened_by = about_subscriptions.subscription_opened_by
    subscription = about_subscriptions.subscription
    subscriptions = about_subscriptions.subscriptions
    replace_subscription = about_subscriptions.replace_subscription
    note_polls = about_subscriptions.note_polls
    touched_since = about_touched.touched_since
    standing_of = about_editions.standing_of
    publish = about_editions.publish
