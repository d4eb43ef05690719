"""Expected failures of findings."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class FindingNotFound(NotFound):
    """There is no such finding, or its customer is out of your reach."""

    code = "finding_not_found"
    title = "Finding not found"
    zh = Text("质量问题不存在", "没有这条质量问题，或其客户不在您的可见范围内。")


class FindingDecided(Conflict):
    """This finding was decided already. Undo that first."""

    code = "finding_decided"
    title = "Finding decided"
    zh = Text("已处理", "该条已处理，请先撤销再重新处理。")


class FindingNotDecided(Conflict):
    """Nothing was decided about this finding, so there is nothing to undo."""

    code = "finding_not_decided"
    title = "Finding not decided"
    zh = Text("尚未处理", "该条尚未处理，没有可撤销的操作。")


class FindingOutdated(Conflict):
    """The field changed since. Look at the customer as it is now."""

    code = "finding_outdated"
    title = "Finding outdated"
    zh = Text("数据已变更", "该字段已被更改，请先查看客户的当前数据。")


class FindingReopened(Conflict):
    """There is a newer open finding about the same field and source. Decide that one."""

    code = "finding_reopened"
    title = "Newer finding open"
    zh = Text("已有更新的待审核项", "同一字段与来源已有更新的待审核项，请处理那一条。")


class FindingByHand(Conflict):
    """This is not written by accepting it. Do it where it belongs, then reject the finding."""

    code = "finding_by_hand"
    title = "To be done by hand"
    zh = Text("须手动处理", "此项不能通过接受来写入。请在相应位置手动处理，然后拒绝该发现。")


class FindingNotFixable(Conflict):
    """Nobody knows the right value. Change the customer, and the next scan closes the finding."""

    code = "finding_not_fixable"
    title = "No fix known"
    zh = Text("没有可用的修正", "没有已知的正确值，请直接修改客户资料，下次扫描会自动关闭该条。")


class ScanNotFound(NotFound):
    """There is no such scan, or it was forgotten after a year."""

    code = "scan_not_found"
    title = "Scan not found"
    zh = Text("扫描不存在", "没有这次扫描，或一年后已被清除。")


class ScanRunning(Conflict):
    """A scan runs already. Wait for its end or cancel its job."""

    code = "scan_running"
    title = "Scan running"
    zh = Text("扫描进行中", "已有扫描正在进行，请等待其结束或取消任务。")


class RequiredFieldUnknown(RuleBroken):
    """No member of a customer has this name."""

    code = "required_field_unknown"
    title = "Unknown field"
    zh = Text("字段不存在", "客户没有这个字段。")
