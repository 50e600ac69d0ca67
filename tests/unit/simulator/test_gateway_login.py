"""The login and its display groups.

Which bug turns these red: advisor data for a login that is no advisor, groups that do not
keep what was written, a display group that tells the wrong client.
"""

import re

import pytest

from simulator.messages.account import (
    AccountSummary,
    CancelAccountSummary,
    RequestAccountSummary,
)
from simulator.messages.connection import ErrorMessage
from simulator.messages.login import (
    AdvisorData,
    DisplayGroupList,
    DisplayGroupUpdated,
    FamilyCode,
    FamilyCodes,
    QueryDisplayGroups,
    ReplaceAdvisorData,
    ReplaceAdvisorDataEnd,
    RequestAdvisorData,
    RequestFamilyCodes,
    RequestSoftDollarTiers,
    RequestUserInfo,
    SoftDollarTiers,
    SubscribeToGroupEvents,
    UnsubscribeFromGroupEvents,
    UpdateDisplayGroup,
    UserInfo,
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessage,
    VerifyRequest,
)
from simulator.world import World, WorldSettings

GROUP = (
    "<ListOfGroups><Group><name>Half</name><ListOfAccts varName='list'>"
    "<String>{account}</String></ListOfAccts></Group></ListOfGroups>"
)


@pytest.fixture
def advisor(join):
    world = World(
        WorldSettings(seed=7, clock="manual", accounts=("DF9000000", "DU9000001", "DU9000002"))
    )
    return lambda **options: join(world=world, **options)


def test_a_login_of_one_account_is_no_advisor(client) -> None:
    (error,) = client.send(RequestAdvisorData(1))
    assert (error.id, error.code) == (2_147_483_647, 321)
    assert error.text.endswith("FA data operations ignored for non FA customers.")
    (error,) = client.send(ReplaceAdvisorData(1, GROUP.format(account="DU9000001"), 9))
    assert (error.id, error.code) == (9, 321)


def test_an_advisor_has_a_group_of_all_accounts_and_their_aliases(advisor) -> None:
    groups, aliases = advisor().send(RequestAdvisorData(1), RequestAdvisorData(3))
    assert (groups.kind, aliases.kind) == (1, 3)
    accounts = ["DF9000000", "DU9000001", "DU9000002"]
    assert re.findall("<String>(.*)</String>", groups.xml) == accounts
    assert re.findall("<account>(.*)</account>", aliases.xml) == accounts


def test_replaced_groups_are_those_of_every_client(advisor) -> None:
    writer, reader = advisor(client_id=1), advisor(client_id=2)
    xml = GROUP.format(account="DU9000002")
    assert writer.send(ReplaceAdvisorData(1, xml, 9)) == [ReplaceAdvisorDataEnd(9, "success")]
    assert reader.send(RequestAdvisorData(1)) == [AdvisorData(1, xml)]


@pytest.mark.parametrize(
    ("kind", "xml", "code", "named"),
    [
        (1, GROUP.format(account="DU1"), 10231, "DU1"),
        (1, "<ListOfGroups>", 321, "Invalid XML"),
        (1, "<!DOCTYPE x []><ListOfGroups/>", 321, "document type"),
        (3, GROUP.format(account="DU9000001"), 321, "ListOfAccountAliases"),
        (7, "<x/>", 321, "7"),
        (2, "<x/>", 321, "FA Profile"),
    ],
)
def test_wrong_advisor_data_is_refused_and_changes_nothing(advisor, kind, xml, code, named) -> None:
    client = advisor()
    before = client.send(RequestAdvisorData(1))
    (error,) = client.send(ReplaceAdvisorData(kind, xml, 9))
    assert (error.id, error.code) == (9, code)
    assert named in error.text
    assert client.send(RequestAdvisorData(1)) == before


def test_profiles_ended_with_version_177(advisor) -> None:
    (reply,) = advisor(client_id=1, version=176).send(RequestAdvisorData(2))
    assert "ListOfAllocationProfiles" in reply.xml
    (reply,) = advisor(client_id=2, version=177).send(RequestAdvisorData(2))
    assert isinstance(reply, ErrorMessage)


def test_the_login_has_no_tiers_families_or_brand(client) -> None:
    assert client.send(RequestSoftDollarTiers(3), RequestFamilyCodes(), RequestUserInfo(4)) == [
        SoftDollarTiers(3, ()),
        FamilyCodes((FamilyCode("DU9000001", ""),)),
        UserInfo(4, ""),
    ]


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        (VerifyRequest("api", "9.72"), VerifyCompleted),
        (VerifyMessage("data"), VerifyCompleted),
        (VerifyAndAuthRequest("api", "9.72", "key"), VerifyAndAuthCompleted),
        (VerifyAndAuthMessage("data", "xyz"), VerifyAndAuthCompleted),
    ],
)
def test_verification_ends_in_a_no(client, request_, verdict) -> None:
    (reply,) = client.send(request_)
    assert isinstance(reply, verdict)
    assert not reply.is_successful
    assert "not supported" in reply.error_text


def test_display_groups_are_listed_and_begin_empty(client) -> None:
    assert client.send(QueryDisplayGroups(3), SubscribeToGroupEvents(4, 2)) == [
        DisplayGroupList(3, "1|2|3|4|5|6|7"),
        DisplayGroupUpdated(4, "none"),
    ]


def test_all_that_follow_a_group_are_told_what_it_shows(join) -> None:
    one, other = join(1), join(2)
    one.send(SubscribeToGroupEvents(4, 2), SubscribeToGroupEvents(5, 3))
    other.send(SubscribeToGroupEvents(6, 2))
    told = one.send(UpdateDisplayGroup(4, "265598@SMART"))
    assert told == [DisplayGroupUpdated(4, "265598@SMART")]
    assert other.read() == [DisplayGroupUpdated(6, "265598@SMART")]
    assert other.send(SubscribeToGroupEvents(7, 2)) == [DisplayGroupUpdated(7, "265598@SMART")]
    other.send(UnsubscribeFromGroupEvents(6))
    one.send(UpdateDisplayGroup(4, "none"))
    assert other.read() == [DisplayGroupUpdated(7, "none")]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SubscribeToGroupEvents(5, 8), 321),
        (SubscribeToGroupEvents(4, 1), 322),
        (UpdateDisplayGroup(5, "none"), 300),
        (UpdateDisplayGroup(4, "AAPL"), 321),
        (UnsubscribeFromGroupEvents(5), 300),
    ],
)
def test_what_display_groups_cannot_do(client, request_, code) -> None:
    client.send(SubscribeToGroupEvents(4, 1))
    (error,) = client.send(request_)
    assert (error.id, error.code) == (request_.req_id, code)


def test_a_summary_of_a_group_is_of_its_members(join) -> None:
    world = World(WorldSettings(accounts=("DU9000001", "DU9000002"), clock="manual"))
    client = join(world=world)
    second = "<ListOfGroups><Group><name>Second</name><ListOfAccts><String> DU9000002\n</String>"
    client.send(ReplaceAdvisorData(1, f"{second}</ListOfAccts></Group></ListOfGroups>", 4))

    def accounts(req_id: int, group: str) -> set[str]:
        replies = client.send(RequestAccountSummary(req_id, group, "NetLiquidation"))
        client.send(CancelAccountSummary(req_id))
        return {reply.account for reply in replies if isinstance(reply, AccountSummary)}

    assert accounts(1, "Second") == {"DU9000002"}
    assert accounts(2, "All") == {"DU9000001", "DU9000002"}
    assert accounts(3, "DU9000001") == {"DU9000001"}
    assert accounts(4, "Third") == set()
