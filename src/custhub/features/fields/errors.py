"""Expected failures of vocabularies and custom fields."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class FieldDefinitionNotFound(NotFound):
    """There is no such field definition."""

    code = "field_definition_not_found"
    title = "Field definition not found"
    zh = Text("字段定义不存在", "没有这个自定义字段。")


class FieldKeyTaken(Conflict):
    """There is a field definition of this key, perhaps an archived one. A key is never used again."""

    code = "field_key_taken"
    title = "Field key taken"
    zh = Text("字段键已被占用", "已有此键的自定义字段（可能已归档）；键不可重复使用。")


class TooManyFields(Conflict):
    """There are as many field definitions as one hub may have."""

    code = "too_many_fields"
    title = "Too many fields"
    zh = Text("自定义字段过多", "自定义字段数量已达到上限。")


class FieldSchemaInvalid(RuleBroken):
    """The schema is not of the supported part of JSON Schema: see the guide to fields for its keywords."""

    code = "field_schema_invalid"
    title = "Invalid field schema"
    zh = Text("字段模式无效", "该模式不在支持的 JSON Schema 范围内，可用关键字见字段指南。")


class FieldSchemaFixed(RuleBroken):
    """The type of a field never changes. Archive it and declare another one."""

    code = "field_schema_fixed"
    title = "Field type is fixed"
    zh = Text("字段类型不可更改", "自定义字段的类型不可更改，请归档后另建字段。")


class FieldNotFilterable(RuleBroken):
    """A sensitive field cannot be filterable: its values are encrypted."""

    code = "field_not_filterable"
    title = "Field not filterable"
    zh = Text("字段不可筛选", "敏感字段的值已加密，不能设为可筛选。")


class VocabularyNotFound(NotFound):
    """There is no such vocabulary."""

    code = "vocabulary_not_found"
    title = "Vocabulary not found"
    zh = Text("词表不存在", "没有这个词表。")


class VocabularyKeyTaken(Conflict):
    """There is a vocabulary of this key."""

    code = "vocabulary_key_taken"
    title = "Vocabulary key taken"
    zh = Text("词表键已被占用", "已有此键的词表。")


class VocabularyEntryNotFound(NotFound):
    """The vocabulary has no such entry."""

    code = "vocabulary_entry_not_found"
    title = "Entry not found"
    zh = Text("词条不存在", "该词表没有这个词条。")


class VocabularyEntryTaken(Conflict):
    """The vocabulary has an entry of this key, perhaps one that is not active."""

    code = "vocabulary_entry_taken"
    title = "Entry taken"
    zh = Text("词条已存在", "该词表已有此键的词条（可能未启用）。")


class VocabularyEntryNeeded(Conflict):
    """New customers get this entry when none is said, so it stays active."""

    code = "vocabulary_entry_needed"
    title = "Entry needed"
    zh = Text("词条不可停用", "未指定时新客户会使用该词条，因此不能停用。")


class VocabularyKeyTooLong(RuleBroken):
    """Keys of stages have at most 16 characters."""

    code = "vocabulary_key_too_long"
    title = "Key too long"
    zh = Text("键过长", "阶段的键至多 16 个字符。")


class TooManyEntries(Conflict):
    """The vocabulary, or the list of vocabularies, is as long as it may be."""

    code = "too_many_entries"
    title = "Too many entries"
    zh = Text("词条过多", "词表或词条数量已达到上限。")


class VocabularyValueUnknown(RuleBroken):
    """The vocabulary of this member has no active entry of this key."""

    code = "vocabulary_value_unknown"
    title = "Value not in the vocabulary"
    zh = Text("词表中没有该值", "该成员的词表中没有这个启用的词条。")


class CustomFieldUnknown(RuleBroken):
    """There is no such custom field, it is archived, or your role does not see it."""

    code = "custom_field_unknown"
    title = "Unknown custom field"
    zh = Text("自定义字段不存在", "没有这个自定义字段、字段已归档，或您的角色看不到它。")


class CustomFieldInvalid(RuleBroken):
    """The value does not follow the schema of this custom field."""

    code = "custom_field_invalid"
    title = "Invalid custom field"
    zh = Text("自定义字段的值无效", "该值不符合此自定义字段的模式。")


class PhoneInCustomField(RuleBroken):
    """The value holds a phone number, and this custom field is not encrypted. Use `phones`, or a sensitive field."""

    code = "phone_in_custom_field"
    title = "Phone number in a custom field"
    zh = Text("自定义字段含有电话号码", "该值含有电话号码，而此字段未加密。请使用 phones，或将字段声明为敏感字段。")
