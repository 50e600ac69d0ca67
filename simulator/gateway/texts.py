"""The texts of errors and notices, by code: as captured from gateways where they were.

A text in braces is filled in. The letters some gateways put into 321 and 322 change with
every build; clients must match on the code.
"""

from __future__ import annotations

TEXTS = {
    100: "Max rate of messages per second has been exceeded:max={max} rec={rec} ({count})",
    101: "Max number of tickers has been reached.",
    103: "Duplicate order id",
    104: "Cannot modify a filled order.",
    105: "Order being modified does not match original order.",
    107: "Cannot transmit incomplete order.",
    110: "The price does not conform to the minimum price variation for this contract.",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:{reason}",
    202: "Order Canceled - reason:{reason}",
    300: "Can't find EId with tickerId:{id}",
    320: "Error reading request:Message type {message}.  Unable to parse data. {cause}",
    321: "Error validating request.-'bF' : cause - {cause}",
    322: "Error processing request.-'bX' : cause - {cause}",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    327: "Only API connections with clientId set to 0 can set the auto bind TWS orders property.",
    387: "Unsupported order type for this exchange and security type.",
    414: "Snapshot market data subscription is not applicable to generic ticks.",
    434: "The order size cannot be zero.",
    435: "You must specify an account.",
    2100: "API client has been unsubscribed from account data.",
    2104: "Market data farm connection is OK:{farm}",
    2106: "HMDS data farm connection is OK:{farm}",
    2158: "Sec-def data farm connection is OK:{farm}",
    10052: "Invalid time in force:{tif}",
    10089: (
        "Requested market data requires additional subscription for API. See link in "
        "'Market Data Connections' dialog for more details.Delayed market data is available."
        "{name}/TOP/ALL"
    ),
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10243: (
        "Fractional-sized order cannot be placed via API. "
        "Please use desktop version to place this order."
    ),
}
