"""What belongs to the login: advisor data, soft dollars, families, display groups, verification."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.wire import BOOL, INT, TEXT, Constant, Field, Layout, Many, Message


@dataclass(frozen=True, slots=True)
class RequestAdvisorData:
    """`kind` 1 groups, 2 profiles, 3 aliases."""

    kind: int


@dataclass(frozen=True, slots=True)
class ReplaceAdvisorData:
    kind: int
    xml: str
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestSoftDollarTiers:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestFamilyCodes:
    pass


@dataclass(frozen=True, slots=True)
class RequestUserInfo:
    req_id: int


@dataclass(frozen=True, slots=True)
class QueryDisplayGroups:
    req_id: int


@dataclass(frozen=True, slots=True)
class SubscribeToGroupEvents:
    req_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class UpdateDisplayGroup:
    req_id: int
    contract_info: str


@dataclass(frozen=True, slots=True)
class UnsubscribeFromGroupEvents:
    req_id: int


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    api_name: str
    api_version: str


@dataclass(frozen=True, slots=True)
class VerifyMessage:
    api_data: str


@dataclass(frozen=True, slots=True)
class VerifyAndAuthRequest:
    api_name: str
    api_version: str
    opaque_isv_key: str


@dataclass(frozen=True, slots=True)
class VerifyAndAuthMessage:
    api_data: str
    response: str


@dataclass(frozen=True, slots=True)
class AdvisorData:
    kind: int
    xml: str


@dataclass(frozen=True, slots=True)
class ReplaceAdvisorDataEnd:
    req_id: int
    text: str


@dataclass(frozen=True, slots=True)
class SoftDollarTier:
    name: str
    value: str
    display_name: str


@dataclass(frozen=True, slots=True)
class SoftDollarTiers:
    req_id: int
    tiers: tuple[SoftDollarTier, ...]


@dataclass(frozen=True, slots=True)
class FamilyCode:
    account: str
    code: str


@dataclass(frozen=True, slots=True)
class FamilyCodes:
    codes: tuple[FamilyCode, ...]


@dataclass(frozen=True, slots=True)
class UserInfo:
    req_id: int
    white_branding_id: str


@dataclass(frozen=True, slots=True)
class DisplayGroupList:
    req_id: int
    groups: str


@dataclass(frozen=True, slots=True)
class DisplayGroupUpdated:
    req_id: int
    contract_info: str


@dataclass(frozen=True, slots=True)
class VerifyMessageApi:
    api_data: str


@dataclass(frozen=True, slots=True)
class VerifyCompleted:
    is_successful: bool
    error_text: str


@dataclass(frozen=True, slots=True)
class VerifyAndAuthMessageApi:
    api_data: str
    challenge: str


@dataclass(frozen=True, slots=True)
class VerifyAndAuthCompleted:
    is_successful: bool
    error_text: str


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)
_KIND_AND_XML = (Field("kind", INT), Field("xml", TEXT))
_OUTCOME = (Field("is_successful", BOOL), Field("error_text", TEXT))

REQUESTS = (
    Message(18, RequestAdvisorData, _V1, Field("kind", INT)),
    Message(19, ReplaceAdvisorData, _V1, *_KIND_AND_XML, _REQ_ID),
    Message(65, VerifyRequest, _V1, Field("api_name", TEXT), Field("api_version", TEXT)),
    Message(66, VerifyMessage, _V1, Field("api_data", TEXT)),
    Message(67, QueryDisplayGroups, _V1, _REQ_ID),
    Message(68, SubscribeToGroupEvents, _V1, _REQ_ID, Field("group_id", INT)),
    Message(69, UpdateDisplayGroup, _V1, _REQ_ID, Field("contract_info", TEXT)),
    Message(70, UnsubscribeFromGroupEvents, _V1, _REQ_ID),
    Message(
        72,
        VerifyAndAuthRequest,
        _V1,
        Field("api_name", TEXT),
        Field("api_version", TEXT),
        Field("opaque_isv_key", TEXT),
    ),
    Message(73, VerifyAndAuthMessage, _V1, Field("api_data", TEXT), Field("response", TEXT)),
    Message(79, RequestSoftDollarTiers, _REQ_ID),
    Message(80, RequestFamilyCodes),
    Message(104, RequestUserInfo, _REQ_ID),
)

REPLIES = (
    Message(16, AdvisorData, _V1, *_KIND_AND_XML),
    Message(65, VerifyMessageApi, _V1, Field("api_data", TEXT)),
    Message(66, VerifyCompleted, _V1, *_OUTCOME),
    Message(67, DisplayGroupList, _V1, _REQ_ID, Field("groups", TEXT)),
    Message(68, DisplayGroupUpdated, _V1, _REQ_ID, Field("contract_info", TEXT)),
    Message(69, VerifyAndAuthMessageApi, _V1, Field("api_data", TEXT), Field("challenge", TEXT)),
    Message(70, VerifyAndAuthCompleted, _V1, *_OUTCOME),
    Message(
        77,
        SoftDollarTiers,
        _REQ_ID,
        Many(
            "tiers",
            Layout(
                SoftDollarTier,
                Field("name", TEXT),
                Field("value", TEXT),
                Field("display_name", TEXT),
            ),
        ),
    ),
    Message(
        78,
        FamilyCodes,
        Many("codes", Layout(FamilyCode, Field("account", TEXT), Field("code", TEXT))),
    ),
    Message(103, ReplaceAdvisorDataEnd, _REQ_ID, Field("text", TEXT)),
    Message(107, UserInfo, _REQ_ID, Field("white_branding_id", TEXT)),
)
