"""What can go wrong with imports. Nothing here holds a value of a file: rows, columns and codes alone (S-108)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from custhub.kit.errors import Conflict, FieldIssue, NotFound, RuleBroken, Text


class ImportNotFound(NotFound):
    """There is no such import, or it is somebody else's."""

    code = "import_not_found"
    title = "Import not found"
    zh = Text("未找到导入", "没有此导入，或它属于他人。")


class MappingNotFound(NotFound):
    """There is no such mapping profile."""

    code = "import_mapping_not_found"
    title = "Mapping not found"
    zh = Text("未找到映射方案", "没有此映射方案。")


class MappingNameTaken(Conflict):
    """There is a mapping profile of this name for this source already."""

    code = "import_mapping_name_taken"
    title = "Mapping name taken"
    zh = Text("映射方案重名", "该来源已有同名的映射方案。")


class MappingInvalid(RuleBroken):
    """The mapping does not fit: `errors` names each field or column that is not there, or is given twice."""

    code = "import_mapping_invalid"
    title = "Mapping invalid"
    zh = Text("映射无效", "映射不匹配：errors 列出不存在或重复的字段和列。")


class ImportFileMissing(Conflict):
    """The import has no file, or its file has had its time. Upload it (again)."""

    code = "import_file_missing"
    title = "File missing"
    zh = Text("缺少文件", "此导入没有文件，或文件已过期。请（重新）上传。")


class ImportStarted(Conflict):
    """The import has been started; its file and its rules are fixed. Make another one."""

    code = "import_started"
    title = "Import started"
    zh = Text("导入已开始", "导入已开始，文件和规则不能再改。请新建一个导入。")


class ImportNotFinished(Conflict):
    """The import has not been started, is running, or is being taken back. Only a finished one can be taken back."""

    code = "import_not_finished"
    title = "Import not finished"
    zh = Text("导入未结束", "导入尚未开始、仍在运行或正在撤销，只有结束的导入才能撤销。")


class ImportUndone(Conflict):
    """The import was taken back already."""

    code = "import_undone"
    title = "Import undone"
    zh = Text("导入已撤销", "此导入已被撤销。")


#: Why a file, or a cell, is refused: in English and in Chinese.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "file_empty": ("The file has no rows.", "文件没有数据行。"),
    "file_type_unknown": (
        "The content is neither CSV nor NDJSON nor XLSX, whatever its name says.",
        "内容既不是 CSV、NDJSON，也不是 XLSX。",
    ),
    "file_type_old": (
        "This is an old Excel file (.xls); save it as .xlsx or CSV.",
        "旧版 Excel，请另存为 xlsx 或 CSV。",
    ),
    "file_damaged": ("The file is damaged or cut off.", "文件已损坏或不完整。"),
    "file_expands": ("The file expands to more than is read.", "文件解压后超出限制。"),
    "file_document_type": ("The file declares a document type or entities.", "文件含有文档类型或实体声明。"),
    "file_no_sheet": ("There is no such sheet, or none at all.", "没有此工作表。"),
    "encoding_unknown": ("The text is neither UTF-8, UTF-16 nor GB18030.", "文本编码不是 UTF-8、UTF-16 或 GB18030。"),
    "encoding_mixed": ("The text mixes encodings.", "文本混用了多种编码。"),
    "encoding_other": ("The text is not in the encoding that was named.", "文本不是所指定的编码。"),
    "forbidden_character": ("The text holds NUL or other characters that no text has.", "文本含有 NUL 等非法字符。"),
    "too_many_columns": ("A row has more than 200 columns.", "有一行超过 200 列。"),
    "cell_too_long": ("A cell has more than 32 KiB.", "有单元格超过 32 KiB。"),
    "column_count": ("The row has more cells than the header has columns.", "该行单元格多于表头列数。"),
    "formula_cell": (
        "The cell holds a formula. Write its value; a text that begins like one begins with a quote (').",
        "单元格是公式，请改为值；以公式符号开头的文本前面请加单引号。",
    ),
    "number_imprecise": (
        "The cell holds a number too long to be exact; format the column as text.",
        "数字过长而不精确，请将该列设为文本格式。",
    ),
    "confirmed": (
        "A person has confirmed another value; the refused one waits as a finding.",
        "已有人确认了另一个值，被拒绝的值列为待处理问题。",
    ),
    "source_priority": (
        "A source that is believed more says something else; the refused value waits as a finding.",
        "更可信的来源给出了不同的值，被拒绝的值列为待处理问题。",
    ),
    "invalid_json": ("The line is not a JSON object of this kind.", "该行不是所需的 JSON 对象。"),
}


def reason(code: str, pointer: str = "#/file", *, line: int | None = None) -> FieldIssue:
    """An issue with the texts of its reason; `line` is where in the file it was found."""
    english, chinese = REASONS[code]
    if line is not None:
        english, chinese = f"{english} Line {line}.", f"{chinese}第 {line} 行。"
    return FieldIssue(pointer, code, "body", english, chinese)


class FileRefused(RuleBroken):
    """The file is refused, and nothing of it is kept: `errors` says why."""

    code = "import_file_refused"
    title = "File refused"
    zh = Text("文件被拒绝", "文件被拒绝且未保留任何内容，原因见 errors。")

    def __init__(self, why: str, *, line: int | None = None) -> None:
        super().__init__(issues=[reason(why, line=line)])
        self.why = why
        self.line = line
