"""Request bodies. They are the commands of the services: texts arrive in standard form, or are refused in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, JsonValue, StringConstraints, Tag

from custhub.features.customers.errors import LookupAmbiguous
from custhub.features.customers.rules import (
    Calendar,
    CustomerKind,
    Gender,
    normalise_country,
    normalise_external_id,
    normalise_language,
    normalise_name,
    normalise_source,
    normalise_tag,
    normalise_time_zone,
)
from custhub.features.phones.rules import RevealReason
from custhub.features.phones.schemas import Country, Number, PhoneCreate
from custhub.http.fields import Body, CustomerId, MailboxText, TeamId, Text40, Text100, UserId
from custhub.http.issues import invalid
from custhub.kit.errors import HubError

T = TypeVar("T")


def _rule(normalise: Callable[[str], T]) -> AfterValidator:
    def check(value: str) -> T:
        try:
            return normalise(value)
        except HubError as error:
            raise invalid(error) from None

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), _rule(normalise_name)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35), _rule(normalise_language)]
TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), _rule(normalise_time_zone)]
CountryCode = Annotated[str, StringConstraints(min_length=2, max_length=40), _rule(normalise_country)]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=64), _rule(normalise_tag)]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=40), _rule(normalise_source)]
ExternalKey = Annotated[str, StringConstraints(min_length=1, max_length=128), _rule(normalise_external_id)]
Email = MailboxText
Note = Annotated[str, StringConstraints(max_length=10_000)]
TaxId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
VocabularyEntry = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
Needs = Annotated[list[VocabularyEntry], Field(max_length=50)]
CustomValues = Annotated[dict[VocabularyEntry, JsonValue], Field(max_length=200)]
_ABOUT_CUSTOM = "By key of their definition. null takes a value away; the mask of a sensitive one leaves it"
Channel = Literal["phone", "sms", "email", "wechat", "whatsapp", "mail", "app", "none"]


class BirthdayInput(Body):
    """A birthday in its own calendar."""

    date: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="YYYY-MM-DD, or --MM-DD without a year", examples=["1990-05-03"]
    )
    calendar: Calendar = Calendar.SOLAR
    leap_month: bool = Field(default=False, description="In a leap month of the lunar calendar")


class EmailCreate(Body):
    """An e-mail address to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "li.na@example.com", "label": "work"}]})

    email: Email = Field(examples=["li.na@example.com"])
    label: Text40 | None = None
    is_primary: bool = False


class EmailPatch(Body):
    """What may change about an e-mail address; another address is another e-mail."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"label": "home", "is_primary": True}]})

    label: Text40 | None = None
    is_primary: bool = False


class AddressFields(Body):
    """An address, in parts or as one text."""

    country: CountryCode = Field(default="CN", description="ISO 3166-1 alpha-2")
    full_text: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = Field(
        default=None, description="The whole address as one text; Chinese ones are split into their parts"
    )
    province: Text100 | None = None
    city: Text100 | None = None
    district: Text100 | None = None
    division_code: Annotated[str, StringConstraints(pattern="^[0-9]{6}$", min_length=6, max_length=6)] | None = Field(
        default=None, description="GB/T 2260"
    )
    street: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    postcode: Annotated[str, StringConstraints(min_length=1, max_length=16)] | None = None


class AddressCreate(AddressFields):
    """An address to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"full_text": "广东省深圳市南山区科技园路1号", "label": "home", "is_primary": True}]
        }
    )

    label: Text40 | None = None
    is_primary: bool = False


class AddressPatch(AddressFields):
    """A merge patch of the parts; the whole is brought into standard form again.

    `full_text` replaces all parts that are not sent with it. A sent `division_code` renames the parts above it, and
    sent names give the code anew.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"street": "科技园路2号", "label": None}]})

    label: Text40 | None = None
    is_primary: bool = False


class ContactCreate(Body):
    """Somebody at an organisation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "王伟", "job_title": "采购经理"}]})

    name: Name = Field(examples=["王伟"])
    job_title: Text100 | None = None
    department: Text100 | None = None
    email: Email | None = None
    person_id: CustomerId | None = Field(default=None, description="The customer this contact is in person")
    is_primary: bool = False


class ContactPatch(Body):
    """What may change about a contact."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_title": "总监", "department": None}]})

    name: Name = ""
    job_title: Text100 | None = None
    department: Text100 | None = None
    email: Email | None = None
    person_id: CustomerId | None = None
    is_primary: bool = False


class ExternalIdCreate(Body):
    """What a partner calls this customer; unique per source."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": "shop", "id": "A-1042"}]})

    source: SourceName = Field(examples=["shop"])
    id: ExternalKey = Field(examples=["A-1042"])


class _Profile(Body):
    """Members that create and change share."""

    display_name: Name | None = Field(default=None, examples=["李娜"])
    given_name: Name | None = None
    family_name: Name | None = None
    company_name: Name | None = None
    tax_id: TaxId | None = Field(default=None, description="Of an organisation; 统一社会信用代码 with its check digit")
    birthday: BirthdayInput | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None
    preferred_channel: Channel | None = None
    owner_id: UserId | None = None
    team_id: TeamId | None = None
    category: VocabularyEntry | None = Field(default=None, description="An entry of the vocabulary `category`")
    needs: Needs = Field(default_factory=list, description="Entries of the vocabulary `need`")
    custom_fields: CustomValues = Field(default_factory=dict, description=_ABOUT_CUSTOM)
    note: Note | None = Field(default=None, description="Phone numbers in it are sealed and shown masked")


class CustomerCreate(_Profile):
    """A customer to create, with its parts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "display_name": "李娜",
                    "phones": [{"number": "138 1234 5678", "is_primary": True}],
                    "emails": [{"email": "li.na@example.com"}],
                    "addresses": [{"full_text": "广东省深圳市南山区科技园路1号"}],
                    "external_ids": [{"source": "shop", "id": "A-1042"}],
                    "tags": ["VIP"],
                    "stage": "lead",
                    "source": "web",
                }
            ]
        }
    )

    kind: CustomerKind = CustomerKind.PERSON
    gender: Gender = Gender.UNKNOWN
    stage: VocabularyEntry = Field(default="lead", description="An entry of the vocabulary `stage`")
    source: SourceName = Field(default="api", description="Where the customer came from")
    phones: list[PhoneCreate] = Field(default_factory=list, max_length=20)
    emails: list[EmailCreate] = Field(default_factory=list, max_length=20)
    addresses: list[AddressCreate] = Field(default_factory=list, max_length=20)
    contacts: list[ContactCreate] = Field(default_factory=list, max_length=100)
    external_ids: list[ExternalIdCreate] = Field(default_factory=list, max_length=50)
    tags: list[TagName] = Field(default_factory=list, max_length=100)


class CustomerPatch(_Profile):
    """A merge patch (RFC 7396): absent members stay, null empties. Parts have routes of their own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"stage": "active", "note": "Prefers calls in the morning", "birthday": None}]}
    )

    display_name: Name = ""
    gender: Gender = Gender.UNKNOWN
    stage: VocabularyEntry = "lead"
    source: SourceName = "api"

    def changes(self) -> dict[str, Any]:
        """The members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NumberLookup(Body):
    """A phone number in any spelling."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "+86 138 1234 5678"}]})

    phone: Number = Field(repr=False)
    country: Country | None = Field(default=None, description="Country of a number without country code")


class LastFourLookup(Body):
    """The last four digits of a phone number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone_last4": "5678", "limit": 20}]})

    phone_last4: Annotated[str, StringConstraints(pattern="^[0-9]{4}$", min_length=4, max_length=4)]
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200)


# In brackets, as Pydantic names branches of a union itself: no part of a pointer.
_BY_NUMBER, _BY_LAST_FOUR = "[number]", "[last four]"


def _lookup_kind(sent: Any) -> str | None:
    if not isinstance(sent, dict):
        return _BY_NUMBER
    if ("phone" in sent) == ("phone_last4" in sent):
        return None
    return _BY_NUMBER if "phone" in sent else _BY_LAST_FOUR


CustomerLookup = Annotated[
    Annotated[NumberLookup, Tag(_BY_NUMBER)] | Annotated[LastFourLookup, Tag(_BY_LAST_FOUR)],
    Discriminator(_lookup_kind, custom_error_type=LookupAmbiguous.code, custom_error_message="neither or both"),
]


class TextReveal(Body):
    """Why the texts of a customer are opened."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "call_back"}]})

    reason: RevealReason
    note: Annotated[str, StringConstraints(max_length=200)] | None = None
