"""What belongs to the login: advisor data, soft dollars, family codes, user, verification.

A login of several accounts is an advisor's; its own account, the first if it is named as one,
has no share in what it trades for a group (ours). For any other, advisor data is refused as
captured: 321, with the largest id there is when the request carries none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from xml.etree import ElementTree as ET

from simulator.algos import as_number
from simulator.broker.allocation import METHODS
from simulator.broker.allocation import PROFILES as PROFILE_METHODS
from simulator.broker.sharing import Group
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.messages.login import (
    AdvisorData,
    FamilyCode,
    FamilyCodes,
    ReplaceAdvisorData,
    ReplaceAdvisorDataEnd,
    RequestAdvisorData,
    RequestFamilyCodes,
    RequestSoftDollarTiers,
    RequestUserInfo,
    SoftDollarTiers,
    UserInfo,
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessage,
    VerifyRequest,
)

GROUPS, PROFILES, ALIASES = 1, 2, 3
ALL = "All"
"""The group of all accounts, which needs no telling."""

DEFAULT_METHOD = "NetLiq"
ADVISOR = re.compile("D[FI]")
"""How the paper account of an advisor begins (captured: DF); that of a broker DI."""

NO_ID = 2_147_483_647
"""The id of an error on a request that carries none: seen with refused advisor data."""

PROFILES_UNTIL = 176
"""Since version 177 advisors have groups only."""

ROOTS = {
    GROUPS: "ListOfGroups",
    PROFILES: "ListOfAllocationProfiles",
    ALIASES: "ListOfAccountAliases",
}
NOT_VERIFIED = "Verification is not supported by this gateway."


class Login:
    """Answers what a client asks about the login itself."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        accounts = hub.settings.accounts
        self._data = {
            GROUPS: _document(ROOTS[GROUPS], [_group(ALL, accounts)]),
            PROFILES: _document(ROOTS[PROFILES], []),
            ALIASES: _document(ROOTS[ALIASES], map(_alias, accounts)),
        }

    def members_of(self, group: str) -> tuple[str, ...]:
        """The accounts of a group in the advisor data, none of a group that there is not."""
        groups = ET.fromstring(self._data[GROUPS])  # noqa: S314 - as `_malformed` let it pass
        members = (_named(element) for element in groups if element.findtext("name") == group)
        return tuple(name for names in members for name in names)

    def group(self, name: str) -> Group | None:
        """The group or profile of a name, with the accounts that have a share."""
        for element in self._groups():
            if _name(element) == name:
                return Group(_method(element), self._sharers(_amounts(element)))
        if name != ALL:
            return None
        accounts = self._hub.settings.accounts
        return Group(DEFAULT_METHOD, self._sharers((a, Decimal(0)) for a in accounts))

    def group_names(self) -> frozenset[str]:
        """The groups and profiles in which some account has a share."""
        names = map(_name, self._groups())
        return frozenset(n for n in names if n and (g := self.group(n)) is not None and g.amounts)

    def _groups(self) -> Iterator[ET.Element]:
        for kind in (GROUPS, PROFILES):
            yield from ET.fromstring(self._data[kind])  # noqa: S314 - as `_malformed` let it pass

    def _sharers(self, amounts: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
        first = self._hub.settings.accounts[0]
        own = first if ADVISOR.match(first) else ""
        return tuple((account, amount) for account, amount in amounts if account != own)

    def handlers(self) -> Handlers:
        return {
            RequestAdvisorData: self._advisor_data,
            ReplaceAdvisorData: self._replace,
            RequestSoftDollarTiers: lambda c, r: c.send(SoftDollarTiers(r.req_id, ())),
            RequestFamilyCodes: self._family_codes,
            RequestUserInfo: lambda c, r: c.send(UserInfo(r.req_id, "")),
            VerifyRequest: _not_verified,
            VerifyMessage: _not_verified,
            VerifyAndAuthRequest: _not_authenticated,
            VerifyAndAuthMessage: _not_authenticated,
        }

    def forget(self, connection: Connection) -> None:
        """Nothing is kept of a connection: advisor data belongs to the login."""

    def _family_codes(self, connection: Connection, _request: RequestFamilyCodes) -> None:
        """No account is in a family: each has the empty code."""
        connection.send(FamilyCodes(tuple(FamilyCode(a, "") for a in self._hub.settings.accounts)))

    def _advisor_data(self, connection: Connection, request: RequestAdvisorData) -> None:
        cause = self._cause(connection, request.kind)
        if cause is None:
            connection.send(AdvisorData(request.kind, self._data[request.kind]))
        else:
            self._hub.error(connection, NO_ID, 321, cause=cause)

    def _replace(self, connection: Connection, request: ReplaceAdvisorData) -> None:
        cause = self._cause(connection, request.kind) or _malformed(request)
        if cause is not None:
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        strangers = _accounts(request.xml) - set(self._hub.settings.accounts)
        if strangers:
            names = ",".join(sorted(strangers))
            self._hub.error(connection, request.req_id, 10231, accounts=names)
            return
        self._data[request.kind] = request.xml
        connection.send(ReplaceAdvisorDataEnd(request.req_id, "success"))

    def _cause(self, connection: Connection, kind: int) -> str | None:
        """Why this login has no such data, if so."""
        if len(self._hub.settings.accounts) < 2:
            return "FA data operations ignored for non FA customers."
        if kind not in self._data:
            return f"Invalid FA data type {kind}"
        if kind == PROFILES and connection.session.version > PROFILES_UNTIL:
            return "FA Profile is not supported anymore, use FA Group instead."
        return None


def _not_verified(connection: Connection, _request: object) -> None:
    """A client that wants to be verified waits for a verdict: it is no."""
    connection.send(VerifyCompleted(is_successful=False, error_text=NOT_VERIFIED))


def _not_authenticated(connection: Connection, _request: object) -> None:
    connection.send(VerifyAndAuthCompleted(is_successful=False, error_text=NOT_VERIFIED))


def _document(root: str, elements: Iterable[ET.Element]) -> str:
    tree = ET.Element(root)
    tree.extend(elements)
    ET.indent(tree)
    text = ET.tostring(tree, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _group(name: str, accounts: Iterable[str]) -> ET.Element:
    """A group as in the vendor's documentation of advisor data."""
    group = ET.Element("Group")
    ET.SubElement(group, "name").text = name
    members = ET.SubElement(group, "ListOfAccts", varName="list")
    for account in accounts:
        ET.SubElement(members, "String").text = account
    ET.SubElement(group, "defaultMethod").text = DEFAULT_METHOD
    return group


def _alias(account: str) -> ET.Element:
    alias = ET.Element("AccountAlias")
    ET.SubElement(alias, "account").text = account
    ET.SubElement(alias, "alias").text = account
    return alias


def _malformed(request: ReplaceAdvisorData) -> str | None:
    """What is wrong with new advisor data, if anything."""
    if "<!DOCTYPE" in request.xml:
        return "Invalid XML: no document type is accepted"
    try:
        root = ET.fromstring(request.xml)  # noqa: S314 - without a DOCTYPE there are no entities
    except ET.ParseError as error:
        return f"Invalid XML: {error}"
    wanted = ROOTS[request.kind]
    return None if root.tag == wanted else f"Invalid XML: expected {wanted}, found {root.tag}"


def _accounts(xml: str) -> set[str]:
    """The accounts that advisor data names, in groups, profiles and aliases."""
    return set(_named(ET.fromstring(xml)))  # noqa: S314 - without a DOCTYPE there are no entities


def _name(element: ET.Element) -> str:
    return (element.findtext("name") or "").strip()


def _method(element: ET.Element) -> str:
    """How a group is shared by itself; a profile tells it by number."""
    told = (element.findtext("defaultMethod") or element.findtext("type") or "").strip()
    method = PROFILE_METHODS.get(told, told)
    return method if method in METHODS else DEFAULT_METHOD


def _amounts(element: ET.Element) -> Iterator[tuple[str, Decimal]]:
    """The accounts of a group or profile, each with its amount; 0 where none is told."""
    for member in element.iter():
        account = member.text if member.tag == "String" else member.findtext("acct")
        if account:
            amount = as_number((member.findtext("amount") or "").strip())
            yield account.strip(), Decimal(0) if amount is None else amount


def _named(root: ET.Element) -> list[str]:
    """The accounts named below an element."""
    found = (element for tag in ("String", "account", "acct") for element in root.iter(tag))
    return [(element.text or "").strip() for element in found]
