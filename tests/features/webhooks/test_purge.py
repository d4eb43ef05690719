"""W-9: the log of deliveries is kept for 30 days, and a deleted endpoint as long as its log."""

from __future__ import annotations

from tests.features.webhooks.consumer import Consumer
from tests.features.webhooks.stage import Stage


async def test_w9_deliveries_are_forgotten_after_30_days_and_not_before(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    [old] = await stage.deliveries()
    await stage.shift("webhook_deliveries", "created_at", 30 * 24 - 1)
    await stage.customer()
    await stage.settle()
    await stage.webhooks.purge()
    assert len(await stage.deliveries()) == 2
    await stage.shift("webhook_deliveries", "created_at", 2)
    await stage.webhooks.purge()
    [kept] = await stage.deliveries()
    assert kept["id"] != old["id"]
    assert (await stage.api.get(f"/v1/webhook-deliveries/{old['id']}")).status_code == 404
    left = await stage.hub.rows("SELECT count(DISTINCT delivery_id) FROM webhook_attempts")
    assert [row[0] for row in left] == [1]
    assert (await stage.read(endpoint))["id"] == endpoint["id"]


async def test_w9_a_deleted_endpoint_is_forgotten_after_its_log(stage: Stage, consumer: Consumer) -> None:
    endpoint = await stage.endpoint(consumer.url)
    await stage.customer()
    await stage.settle()
    assert (await stage.api.delete(f"/v1/webhook-endpoints/{endpoint['id']}")).status_code == 204
    await stage.webhooks.purge()
    assert await _endpoints(stage) == 1
    await stage.shift("webhook_deliveries", "created_at", 32 * 24)
    await stage.shift("webhook_endpoints", "deleted_at", 32 * 24)
    await stage.webhooks.purge()
    assert await _endpoints(stage) == 0
    assert await stage.deliveries() == []


async def _endpoints(stage: Stage) -> int:
    [row] = await stage.hub.rows("SELECT count(*) FROM webhook_endpoints")
    return int(row[0])
