"""The conformance tables by provider."""

from tests.providers.table import Table
from tests.providers.tables import (
    bandwidth,
    clickatell,
    clicksend,
    custom,
    infobip,
    intelepeer,
    plivo,
    presets,
    skebby,
    telnyx,
    twilio,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        twilio.TABLE,
        infobip.TABLE,
        clickatell.TABLE,
        clicksend.TABLE,
        plivo.TABLE,
        bandwidth.TABLE,
        telnyx.TABLE,
        skebby.TABLE,
        presets.CONNECTEL,
        presets.CSCTELECOM,
        intelepeer.TABLE,
        custom.TABLE,
    )
}
# A provider with two wire formats, or two ways to be set up, has a table for each.
TABLES["infobip-plain"] = infobip.PLAIN
TABLES["skebby-gateway"] = skebby.GATEWAY
