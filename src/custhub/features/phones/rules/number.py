"""The value class in which a plaintext number lives (S-20)."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import NoReturn, SupportsIndex, final

from custhub.features.phones.rules.kinds import PhoneKind
from custhub.features.phones.rules.masking import MaskStyle, last4_of, mask, split
from custhub.features.phones.rules.reading import Reading, read
from custhub.features.phones.rules.renumbering import equivalence_key


@final
class PhoneNumber:
    """One valid number. Frozen; equal when E.164 and extension are; its `repr` and `str` are the mask.

    `country` is ISO 3166-1 alpha-2, or `001` for numbers of no country. `raw` is what was written, to be sealed.
    Neither a dataclass nor a tuple: JSON encoders know those.
    """

    __slots__ = ("country", "e164", "extension", "kind", "raw")

    country: str
    e164: str
    extension: str | None
    kind: PhoneKind
    raw: str

    def __init__(self, reading: Reading, raw: str) -> None:
        """Of what `reading.read` made of `raw`. Everybody else calls `parse`."""
        put = object.__setattr__
        e164, country, kind, extension = reading
        put(self, "e164", e164)
        put(self, "country", country)
        put(self, "kind", kind)
        put(self, "extension", extension)
        put(self, "raw", raw)

    @classmethod
    def parse(cls, raw: str, country: str) -> PhoneNumber:
        """Read any spelling of at most 64 characters; `country` is the region of a number without country code.

        Raises PhoneInvalid when the text is no number, or none that its country could have given out.
        """
        return cls(read(raw, country), raw)

    @property
    def equivalence_key(self) -> str:
        """The E.164 form that all national variants of this subscriber share (S-09)."""
        return equivalence_key(self.e164)

    @property
    def canonical(self) -> str:
        """E.164 with the extension behind it (`;ext=12`), at most 31 characters. `parse` reads it back."""
        return self.e164 if self.extension is None else f"{self.e164};ext={self.extension}"

    @property
    def national(self) -> str:
        """The digits behind the calling code."""
        return split(self.e164)[1]

    @property
    def last4(self) -> str:
        """The last four national digits (S-10)."""
        return last4_of(self.e164)

    @property
    def always_shared(self) -> bool:
        """Whether it can be nobody's own: a privacy number, or an extension behind a switchboard."""
        return self.kind is PhoneKind.VIRTUAL or self.extension is not None

    @property
    def shared_by_default(self) -> bool:
        """What `shared` is when nobody says (S-13): a fixed line is a family's or an office's."""
        return self.kind is PhoneKind.FIXED or self.always_shared

    def with_kind(self, kind: PhoneKind) -> PhoneNumber:
        """The same number, declared to be of `kind`: numbering plans know no privacy numbers."""
        return PhoneNumber((self.e164, self.country, kind, self.extension), self.raw)

    def __repr__(self) -> str:
        return mask(self.e164, MaskStyle.MASK) or ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PhoneNumber):
            return NotImplemented
        return self.e164 == other.e164 and self.extension == other.extension

    def __hash__(self) -> int:
        return hash((self.e164, self.extension))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a phone number is never pickled")
