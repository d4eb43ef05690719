"""W-12, S-105: whatever an address says or becomes, no request reaches a private place."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from custhub.kit.egress import EgressClient
from custhub.kit.egress_policy import EgressPolicy
from tests.features.webhooks.consumer import Answer, Consumer
from tests.features.webhooks.stage import Stage

PUBLIC = "93.184.215.14"
LITERALS = (
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0.0.0.0",  # noqa: S104  # a text, nothing listens there
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[fd00::1]",
    "[fe80::1]",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "127.0.0.1.",
)
NAMES: tuple[Sequence[str], ...] = (
    ["127.0.0.1"],
    [PUBLIC, "127.0.0.1"],
    ["127.0.0.1", PUBLIC],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["fd00::1"],
    ["100.64.0.1"],
    ["169.254.169.254"],
    ["192.168.0.1"],
)


class Names:
    """A resolver that gives one answer per question, the last one for ever after."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def use(stage: Stage, resolver: Names, *ports: int, allow: Sequence[str] = ()) -> None:
    """Send through a client that knows these names."""
    policy = EgressPolicy([ip_network(text) for text in allow], allow_http=True, ports=(443, 80, *ports))
    stage.webhooks.parts.transport.replace(EgressClient(policy, resolver=resolver))


async def point(stage: Stage, url: str) -> None:
    """Every endpoint leads here, whatever would have been refused before."""
    await stage.execute(f"UPDATE webhook_endpoints SET url = '{url}'")  # noqa: S608  # a constant of this file


async def test_no_literal_address_is_called(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    for literal in LITERALS:
        use(stage, Names(["127.0.0.1"]), consumer.port)
        await point(stage, f"http://{literal}:{consumer.port}/hook")
        await stage.customer()
        await stage.settle()
        await stage.make_due()
        latest = (await stage.deliveries())[-1]
        assert (latest["state"], latest["last_error"]) == ("dead", "destination_blocked"), literal
        await stage.execute("UPDATE webhook_health SET failures = 0")
    assert consumer.connections == 0


async def test_no_name_that_leads_inside_is_called(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    await point(stage, f"http://hook.example:{consumer.port}/hook")
    for answer in NAMES:
        use(stage, Names(answer), consumer.port)
        await stage.customer()
        await stage.settle()
        latest = (await stage.deliveries())[-1]
        assert (latest["state"], latest["last_error"]) == ("dead", "destination_blocked"), answer
        await stage.execute("UPDATE webhook_health SET failures = 0")
    assert consumer.connections == 0


async def test_each_attempt_asks_anew_and_a_rebound_name_is_blocked(stage: Stage, consumer: Consumer) -> None:
    # Nothing listens at the first address, which is allowed here in place of a public one.
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    await stage.endpoint(consumer.url)
    await point(stage, f"http://hook.example:{consumer.port}/hook")
    use(stage, names, consumer.port, allow=["127.0.0.2/32"])
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"]) == ("pending", "connect")
    await stage.make_due()
    await stage.send()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"]) == ("dead", "destination_blocked")
    assert names.asked == 2
    assert consumer.connections == 0


async def test_a_redirect_inside_is_not_followed(stage: Stage, consumers: list[Consumer]) -> None:
    outside, inside, _ = consumers
    outside.answer = Answer(307, {"location": inside.url})
    await stage.endpoint(outside.url)
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"], delivery["last_status"]) == ("pending", "redirect", 307)
    assert (outside.connections, inside.connections) == (1, 0)


async def test_a_closed_port_is_a_failure_like_others(stage: Stage, consumer: Consumer) -> None:
    await stage.endpoint(consumer.url)
    await consumer.stop()
    await stage.customer()
    await stage.settle()
    (delivery,) = await stage.deliveries()
    assert (delivery["state"], delivery["last_error"]) == ("pending", "connect")
