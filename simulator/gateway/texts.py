"""The texts of errors and notices, by code: as captured from gateways where they were.

A text in braces is filled in; `id` is that of the message. The letters that gateways put
into 321 and 322 change with every build; clients must match on the code. Wordings differ
by build and language, not by negotiated version; what the version changes are the fields
of the message (see `messages.connection`) and which code is sent (see `validation`).
"""

from __future__ import annotations

CAUSE = "-'bX' : cause - "
"""What most texts of 322 begin with; the letters change with every build."""

DUPLICATE_TICKER_ID = f"{CAUSE}Duplicate ticker id"
"""The cause of 322 for a request id in use."""

TEXTS = {
    0: "Warning: Approaching max rate of {max} messages per second ({rec})",
    100: "Max rate of messages per second has been exceeded:max={max} rec={rec} ({count})",
    101: "Max number of tickers has been reached.",
    103: "Duplicate order id",
    104: "Cannot modify a filled order.",
    105: "Order being modified does not match original order.",
    107: "Cannot transmit incomplete order.",
    110: "The price does not conform to the minimum price variation for this contract.",
    131: (
        "The sweep-to-fill flag and display size are only valid for US stocks routed through "
        "SMART, and will be ignored."
    ),
    135: "Can't find order with id = {order_id}",
    161: "Cancel attempted when order is not in a cancellable state.  Order permId ={perm_id}",
    162: "Historical Market Data Service error message:{cause}",
    165: "Historical Market Data Service query message:{items} items retrieved",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:{reason}",
    202: "Order Canceled - reason:{reason}",
    203: "The security is not available or allowed for this account.",
    300: "Can't find EId with tickerId:{id}",
    309: (
        "Max number (3) of market depth requests has been reached. Note: TWS currently limits "
        "users to a maximum of 3 distinct market depth requests. This same restriction applies "
        "to API clients, however API clients may make multiple market depth requests for the "
        "same security."
    ),
    310: "Can't find the subscribed market depth with tickerId:{id}",
    315: "Stock combo legs are restricted to SMART order routing.",
    320: "Error reading request. {cause}",
    321: "Error validating request.-'bF' : cause - {cause}",
    322: "Error processing request.{cause}",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    327: "Only API connections with clientId set to 0 can set the auto bind TWS orders property.",
    344: "The account logged into is not a financial advisor account.",
    347: "Short sale slot value must be 1 (broker holds shares) or 2 (delivered from elsewhere).",
    348: "Order not a short sale - type must be SSHORT to specify short sale slot.",
    354: "Requested market data is not subscribed.",
    365: "No scanner subscription found for ticker id:{id}",
    366: "No historical data query found for ticker id:{id}",
    385: "Duplicate ticker ID for API scanner subscription.",
    387: "Unsupported order type for this exchange and security type.",
    388: "Order size is smaller than the minimum requirement.",
    392: "Invalid order: contract expired.",
    412: "The contract is not available for trading.",
    399: (
        "Order Message:\n{order}\nWarning: your order will not be placed at the exchange until "
        "{opens}"
    ),
    413: "What-if order should have the transmit flag set to true.",
    414: "Snapshot market data subscription is not applicable to generic ticks.",
    420: "Invalid Real-time Query:{cause}",
    422: "The account and clearing attributes on this order may not be changed.",
    430: "The fundamentals data for the security specified is not available.{cause}",
    434: "The order size cannot be zero.",
    435: "You must specify an account.",
    460: "No trading permissions.",
    2100: "{cause}API client has been unsubscribed from account data.",
    2104: "Market data farm connection is OK:{farm}",
    2106: "HMDS data farm connection is OK:{farm}",
    2109: (
        "Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
        "destination. PlaceOrder is now being processed."
    ),
    2150: "Invalid position trade derived value",
    2152: "Exchanges - {exchanges}",
    2158: "Sec-def data farm connection is OK:{farm}",
    2168: "Warning: The 'EtradeOnly' order attribute is not supported.",
    2169: "Warning: The 'FirmQuoteOnly' order attribute is not supported.",
    2174: (
        "Warning: You submitted request with date-time attributes without explicit time zone. "
        "Please switch to use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like "
        "US/Eastern. Implied time zone functionality will be removed in the next API release"
    ),
    2176: (
        "Warning: Your API version does not support fractional share size rules. Please "
        "upgrade to a minimum version 163. Trimmed value {value} to {trimmed}"
    ),
    10000: "Cross currency combo error.",
    10006: "Missing parent order.",
    10052: "Invalid time in force:{tif}",
    10089: (
        "Requested market data requires additional subscription for API. See link in 'Market "
        "Data Connections' dialog for more details.Delayed market data is "
        "available.{name}/TOP/ALL"
    ),
    10090: (
        "Part of requested market data is not subscribed. Subscription-independent ticks are "
        "still active.{name}/TOP/BID_ASK"
    ),
    10091: (
        "Part of requested market data requires additional subscription for API. See link in "
        "'Market Data Connections' dialog for more details.{name}/TOP/BID_ASK"
    ),
    10092: ("Deep market data is not supported for this combination of security type/exchange"),
    10094: "API News error:Source code unchecked in API news Settings: {provider}",
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10172: "Failed to request news article: No data available",
    10186: "Requested market data is not subscribed. Delayed market data is not enabled",
    10187: "Failed to request historical ticks:{cause}",
    10189: "Failed to request tick-by-tick data.{cause}",
    10190: "Max number of tick-by-tick requests has been reached.",
    10197: "No market data during competing live session",
    10231: "The following Groups and/or Profiles contain invalid accounts:{accounts}",
    10243: (
        "Fractional-sized order cannot be placed via API. Please use desktop version to place "
        "this order."
    ),
    10250: "The size does not conform to the minimum variation of {increment} for this contract",
    10255: "The 'Display Size' order attribute may not be specified for this order.",
    10268: "The 'EtradeOnly' order attribute is not supported.",
    10269: "The 'FirmQuoteOnly' order attribute is not supported.",
    10270: "The 'nbboPriceCap' order attribute is not supported",
    10274: "The 'PostToATS' order attribute may not be specified for this order or is invalid.",
    10276: "News feed is not allowed.",
    10278: "Duplicate WSH metadata request",
    10280: "Failed cancel WSH metadata",
    10281: "Duplicate WSH event data request",
    10282: "WSH metadata not requested",
    10283: "Fail request WSH event data:{cause}",
    10284: "Fail cancel WSH event data",
    10285: (
        "Your API version does not support fractional size rules. Please upgrade to a minimum "
        "version 163."
    ),
    10295: "Only daily resolution supported for Schedule requests",
    10299: "Expected what to show is {expected}, please use that instead of {asked}.",
    10314: (
        "{field}: The date, time, or time-zone entered is invalid.\n"
        "The correct format is yyyymmdd hh:mm:ss xx/xxxx\n"
        "where yyyymmdd and xx/xxxx are optional.\n"
        "E.g.: 20031126 15:59:00 US/Eastern\n"
        "\n"
        "Note that there is a space between the date and time,\n"
        "and between the time and time-zone.\n"
        "\n"
        "If no date is specified, current date is assumed.\n"
        "If no time-zone is specified, local time-zone is assumed(deprecated).\n"
        "\n"
        "You can also provide yyyymmddd-hh:mm:ss time is in UTC.\n"
        "Note that there is a dash between the date and time in UTC notation."
    ),
    10339: "Setting end date/time for continuous future security type is not allowed.",
    10349: "Order TIF was set to DAY based on order preset.",
}
