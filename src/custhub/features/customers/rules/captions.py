"""What forms call the members of a customer, in English and Chinese (CONTRACT J6)."""

from __future__ import annotations

from typing import Final, NamedTuple


class Caption(NamedTuple):
    """One name in both languages."""

    en: str
    zh: str


CAPTIONS: Final = {
    name: Caption(en, zh)
    for name, en, zh in (
        ("addresses", "Addresses", "地址"),
        ("birthday", "Birthday", "生日"),
        ("calendar", "Calendar", "历法"),
        ("category", "Category", "客户类型"),
        ("city", "City", "市"),
        ("company_name", "Company", "公司名称"),
        ("contacts", "Contacts", "联系人"),
        ("country", "Country or region", "国家或地区"),
        ("custom_fields", "Further fields", "自定义字段"),
        ("date", "Date", "日期"),
        ("department", "Department", "部门"),
        ("display_name", "Name", "姓名"),
        ("district", "District", "区县"),
        ("division_code", "Division code", "行政区划代码"),
        ("email", "E-mail", "邮箱"),
        ("emails", "E-mails", "邮箱"),
        ("expires_at", "Valid until", "有效期至"),
        ("external_ids", "External ids", "外部编号"),
        ("family_name", "Family name", "姓"),
        ("full_text", "Whole address", "完整地址"),
        ("gender", "Gender", "性别"),
        ("given_name", "Given name", "名"),
        ("id", "Id", "编号"),
        ("is_primary", "Primary", "首选"),
        ("job_title", "Job title", "职务"),
        ("kind", "Kind", "类型"),
        ("label", "Label", "用途"),
        ("language", "Language", "语言"),
        ("leap_month", "Leap month", "闰月"),
        ("name", "Name", "姓名"),
        ("needs", "Needs", "需求"),
        ("note", "Note", "备注"),
        ("number", "Number", "号码"),
        ("owner_id", "Owner", "负责人"),
        ("person_id", "Customer record", "客户档案"),
        ("phones", "Phone numbers", "电话号码"),
        ("postcode", "Postcode", "邮政编码"),
        ("preferred_channel", "Preferred channel", "首选联系方式"),
        ("province", "Province or state", "省"),
        ("shared", "Shared line", "共用号码"),
        ("source", "Source", "来源"),
        ("stage", "Stage", "阶段"),
        ("street", "Street and number", "街道门牌"),
        ("tags", "Tags", "标签"),
        ("tax_id", "Tax id", "税号"),
        ("team_id", "Team", "团队"),
        ("time_zone", "Time zone", "时区"),
    )
}
