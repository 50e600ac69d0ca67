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
    111: "The TIF (Tif type) and the order type are incompatible.",
    113: "The Tif option should be set to DAY for MOC and LOC orders.",
    117: "The block order size must be at least 50.",
    131: (
        "The sweep-to-fill flag and display size are only valid for US stocks routed through "
        "SMART, and will be ignored."
    ),
    132: "This order cannot be transmitted without a clearing account.",
    135: "Can't find order with id = {order_id}",
    146: "Invalid trigger method.",
    147: "The conditional contract info is incomplete.",
    148: (
        "Conditional submission of orders is supported for Limit, Market, MidPrice, Relative "
        "and Snap order types only. Conditional cancelation of orders is supported for Limit "
        "and MidPrice order types only."
    ),
    152: "The 'hidden' order attribute may not be specified for this order.",
    157: (
        "An order can be EITHER Iceberg or Discretionary. Please remove either the "
        "Discretionary amount or the Display size."
    ),
    158: "You must specify an offset amount or a percent offset value.",
    159: "The percent offset value must be between 0% and 100%.",
    161: "Cancel attempted when order is not in a cancellable state.  Order permId ={perm_id}",
    162: "Historical Market Data Service error message:{cause}",
    165: "Historical Market Data Service query message:{items} items retrieved",
    168: "Discretionary amount does not conform to the minimum price variation for this contract.",
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
    311: "The origin is invalid.",
    315: "Stock combo legs are restricted to SMART order routing.",
    320: "Error reading request. {cause}",
    321: "Error validating request.-'bF' : cause - {cause}",
    322: "Error processing request.{cause}",
    325: "Discretionary orders are not supported for this combination of exchange and order type.",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    327: "Only API connections with clientId set to 0 can set the auto bind TWS orders property.",
    329: "Order modify failed. Cannot change to the new order type.",
    332: "The account codes for the order profile are invalid.",
    333: "Invalid share allocation syntax.",
    334: "Invalid Good Till Date order",
    335: "Invalid delta: The delta must be between 0 and 100.",
    341: (
        "Invalid delta. Valid values are from 1 to 100. You can set the delta from the "
        '"Pegged to Stock" section of the Order Ticket Panel, or by selecting Page/Layout '
        "from the main menu and adding the Delta column."
    ),
    344: "The account logged into is not a financial advisor account.",
    345: "Generic combo is not supported for FA advisor account.",
    346: "Not an institutional account or an away clearing account.",
    347: "Short sale slot value must be 1 (broker holds shares) or 2 (delivered from elsewhere).",
    348: "Order not a short sale - type must be SSHORT to specify short sale slot.",
    349: "Generic combo does not support 'Good After' attribute.",
    350: "Minimum quantity is not supported for best combo order.",
    352: "Short sale slot value of 2 (delivered from elsewhere) requires location.",
    353: "Short sale slot value of 1 requires no location be specified.",
    354: "Requested market data is not subscribed.",
    356: "Smart-combo order does not support OCA group.",
    358: "Smart combo child order not supported.",
    359: "Combo order only supports reduce on fill without block(OCA).",
    361: "Invalid trigger price.",
    362: "Invalid adjusted stop price.",
    363: "Invalid adjusted stop limit price.",
    364: "Invalid adjusted trailing amount.",
    365: "No scanner subscription found for ticker id:{id}",
    366: "No historical data query found for ticker id:{id}",
    367: (
        "Volatility type if set must be 1 or 2 for VOL orders. Do not set it for other order types."
    ),
    368: (
        "Reference Price Type must be 1 or 2 for dynamic volatility management. Do not set it"
        " for non-VOL orders."
    ),
    369: "Volatility orders are only valid for US options.",
    370: (
        "Dynamic Volatility orders must be SMART routed, or trade on a Price Improvement Exchange."
    ),
    371: (
        "VOL order requires positive floating point value for volatility. Do not set it for "
        "other order types."
    ),
    372: "Cannot set dynamic VOL attribute on non-VOL order.",
    373: "Can only set stock range attribute on VOL or RELATIVE TO STOCK order.",
    374: (
        "If both are set, the lower stock range attribute must be less than the upper stock "
        "range attribute."
    ),
    375: "Stock range attributes cannot be negative.",
    377: "Must specify valid delta hedge order aux. price.",
    378: "Delta hedge order type requires delta hedge aux. price to be specified.",
    379: "Delta hedge order type requires that no delta hedge aux. price be specified.",
    380: "This order type is not allowed for delta hedge orders.",
    385: "Duplicate ticker ID for API scanner subscription.",
    387: "Unsupported order type for this exchange and security type.",
    388: "Order size is smaller than the minimum requirement.",
    392: "Invalid order: contract expired.",
    393: "Short sale slot may be specified for delta hedge orders only.",
    398: "{contract} cannot be used as a condition trigger.",
    399: (
        "Order Message:\n{order}\nWarning: your order will not be placed at the exchange until "
        "{opens}"
    ),
    402: "Conditions are not allowed for this contract.",
    403: "Invalid stop price.",
    408: "Invalid scale order increment.",
    409: "Invalid scale order. You must specify order component size.",
    410: "Invalid subsequent component size for scale order.",
    412: "The contract is not available for trading.",
    413: "What-if order should have the transmit flag set to true.",
    414: "Snapshot market data subscription is not applicable to generic ticks.",
    417: "Invalid initial component size for scale order.",
    418: "Invalid scale order profit offset.",
    419: "Missing initial component size for scale order.",
    420: "Invalid Real-time Query:{cause}",
    422: "The account and clearing attributes on this order may not be changed.",
    429: "Delta neutral orders are only supported for combos (BAG security type).",
    430: "The fundamentals data for the security specified is not available.{cause}",
    434: "The order size cannot be zero.",
    435: "You must specify an account.",
    436: "You must specify an allocation (either a single account, group, or profile).",
    439: "Order processing failed. Algorithm definition not found",
    440: "Order modify failed. Algorithm cannot be modified.",
    441: "Algo attributes validation failed:{cause}",
    442: "Specified algorithm is not allowed for this order.",
    443: "Order processing failed. Unknown algo attribute:{attribute}",
    446: "Missing scale order profit offset.",
    447: "Missing scale price adjustment amount or interval.",
    448: "Invalid scale price adjustment interval.",
    449: "Unexpected scale price adjustment amount or interval.",
    460: "No trading permissions.",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: (
        "Connectivity between IBKR and Trader Workstation has been restored - data maintained. "
        "All data farms are connected: {farms}."
    ),
    2100: "{cause}API client has been unsubscribed from account data.",
    2103: "Market data farm connection is broken:{farm}",
    2104: "Market data farm connection is OK:{farm}",
    2105: "HMDS data farm connection is broken:{farm}",
    2106: "HMDS data farm connection is OK:{farm}",
    2107: "HMDS data farm connection is inactive but should be available upon demand.{farm}",
    2108: "Market data farm connection is inactive but should be available upon demand.{farm}",
    2109: (
        "Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
        "destination. PlaceOrder is now being processed."
    ),
    2110: "Connectivity between TWS and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:{farm}",
    2150: "Invalid position trade derived value",
    2152: "Exchanges - {exchanges}",
    2157: "Sec-def data farm connection is broken:{farm}",
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
    10002: "Invalid non-guaranteed legs.",
    10006: "Missing parent order.",
    10007: "Invalid hedge type.",
    10008: "Invalid beta value.",
    10012: "Invalid allocation percentage",
    10014: "PctChange limits.",
    10020: "Display size should be smaller than order size.",
    10021: "Invalid leg2 to Mkt Offset API.",
    10022: "Invalid Leg Prio API.",
    10023: "Invalid combo display size API.",
    10024: "Invalid don't start next legin API.",
    10025: "Invalid leg2 to Mkt time1 API.",
    10026: "Invalid leg2 to Mkt time2 API.",
    10027: "Invalid combo routing tag API.",
    10032: "Specifying size for hedge order is not allowed, send zero.",
    10052: "Invalid time in force:{tif}",
    10063: (
        "Invalid FX hedge order. Hedging contract can only be a currency pair where one of "
        "the currencies is the same as in parent order."
    ),
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
    10236: "Child has to be AON if parent order is AON",
    10241: (
        "Order Quantity is expressed in monetary terms. Modification is not supported via "
        "API. Please use desktop version to revise this order."
    ),
    10243: (
        "Fractional-sized order cannot be placed via API. Please use desktop version to place "
        "this order."
    ),
    10244: "Cash Quantity cannot be used for this order",
    10250: "The size does not conform to the minimum variation of {increment} for this contract",
    10251: "Fractional shares are not supported for allocation orders",
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
    10289: "You must set Cash Quantity for this order",
    10293: "Cryptocurrency Cash Quantity order cannot specify size",
    10295: "Only daily resolution supported for Schedule requests",
    10297: "Not Held attribute is invalid for this order.",
    10299: "Expected what to show is {expected}, please use that instead of {asked}.",
    10302: "Min trade trade quantity is not allowed for this order",
    10303: "Invalid min trade quantity value ({value}).It must be a positive integer",
    10304: "Minimum Competing Size value must be non-negative.",
    10305: "Compete against best bid or offer Offset dollar value must be positive",
    10306: "Mid offsets are not allowed",
    10307: "Invalid MidOffsetAtWhole and/or MidOffsetAtHalf attribute values",
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
    10317: (
        "The Cash Quantity size for the below contracts does not conform to minimum variation"
        " of {increment}"
    ),
    10326: "OCA group revision is not allowed",
    10327: "OCA group type revision is not allowed",
    10339: "Setting end date/time for continuous future security type is not allowed.",
    10340: "The following order attribute is not supported: {attribute}",
    10341: "Parent order id cannot be modified",
    10342: "The 'ImbalanceOnly' order attribute may not be specified for this order.",
    10349: "Order TIF was set to DAY based on order preset.",
}


def is_complete(code: int) -> bool:
    """Whether the text of a code says all there is to say: nothing is filled in."""
    return code in TEXTS and "{" not in TEXTS[code]
