"""Account streams: the same figures everywhere, and only what changed after that."""

from decimal import Decimal as D

import pytest

from simulator.messages.account import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    PortfolioValue,
    PositionData,
    PositionEnd,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestPositions,
)
from simulator.messages.contracts import ContractData, ContractDataEnd, RequestContractData
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
ACCOUNT = "DU9000001"


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
    world.set_quote("EUR.USD", bid=D("1.0999"), ask=D("1.1001"))


def buy(client, quantity=10, order_id=1, contract=AAPL) -> list:
    order = Order(action="BUY", total_quantity=D(quantity), order_type="MKT", tif="DAY")
    return client.send(PlaceOrder(order_id, contract, order))


def only(kind, replies) -> list:
    return [reply for reply in replies if isinstance(reply, kind)]


def test_account_updates_are_alphabetical_and_end_with_the_account(client) -> None:
    replies = client.send(RequestAccountUpdates(True, ACCOUNT))
    keys = [reply.key for reply in only(AccountValue, replies)]
    assert keys == sorted(keys)
    assert AccountValue("NetLiquidation", "1000000.00", "USD", ACCOUNT) in replies
    assert AccountValue("CashBalance", "1000000.00", "BASE", ACCOUNT) in replies
    assert replies[-2:] == [AccountUpdateTime("14:00"), AccountDownloadEnd(ACCOUNT)]


def test_after_a_fill_only_what_changed_is_sent(client) -> None:
    client.send(RequestAccountUpdates(True, ACCOUNT))
    replies = buy(client)
    (row,) = only(PortfolioValue, replies)
    assert (row.position, row.market_price, row.average_cost) == (10, D(100), D("100.110003"))
    values = {(v.key, v.currency): v.value for v in only(AccountValue, replies)}
    assert values["TotalCashValue", "USD"] == "998998.90"
    assert values["NetLiquidation", "USD"] == "999998.90"
    assert values["UnrealizedPnL", "USD"] == "-1.10"
    assert ("AccountType", "") not in values


def test_values_are_refreshed_every_three_minutes(client, world) -> None:
    buy(client)
    client.send(RequestAccountUpdates(True, ACCOUNT))
    world.set_quote("AAPL", bid=D(110), ask=D(110))
    assert client.read() == []
    world.advance(180)
    replies = client.read()
    assert only(PortfolioValue, replies)[0].market_value == D(1100)
    assert AccountValue("NetLiquidation", "1000098.90", "USD", ACCOUNT) in replies
    world.advance(180)
    assert only(PortfolioValue, client.read())


def test_a_second_subscription_gets_everything_again_and_an_end_is_told(client) -> None:
    first = client.send(RequestAccountUpdates(True, ACCOUNT))
    assert client.send(RequestAccountUpdates(True, ACCOUNT)) == first
    assert [r.code for r in client.send(RequestAccountUpdates(False, ACCOUNT))] == [2100]
    assert client.send(RequestAccountUpdates(False, ACCOUNT)) == []
    assert not only(AccountValue, buy(client))


def test_positions_are_listed_and_then_pushed(client) -> None:
    assert client.send(RequestPositions()) == [PositionEnd()]
    (position,) = only(PositionData, buy(client))
    assert (position.account, position.position, position.average_cost) == (
        ACCOUNT,
        10,
        D("100.110003"),
    )
    assert position.contract.exchange == "NASDAQ"
    assert client.send(RequestPositions()) == [position, PositionEnd()]
    client.send(CancelPositions())
    assert not only(PositionData, buy(client, order_id=2))


def test_nothing_is_kept_for_a_client_that_left(join, world) -> None:
    client = join(1)
    client.send(
        RequestPositions(),
        RequestAccountUpdates(True, ACCOUNT),
        RequestAccountUpdatesMulti(8, ACCOUNT),
        RequestAccountSummary(9, "All", "NetLiquidation"),
    )
    world.disconnect(client.connection)
    accounts = world.gateway.accounts
    assert not (accounts._positions)
    assert not (accounts._updates)
    assert not (accounts._multi)
    assert not (accounts._summaries)
    world.advance(180)
    assert world.gateway.due_ms is None


def test_a_closed_position_is_told_once_and_no_longer_listed(client) -> None:
    buy(client)
    client.send(RequestPositions())
    order = Order(action="SELL", total_quantity=D(10), order_type="MKT", tif="DAY")
    (position,) = only(PositionData, client.send(PlaceOrder(2, AAPL, order)))
    assert position.position == 0
    assert client.send(RequestPositions()) == [PositionEnd()]


def test_everybody_sees_the_shared_account(join) -> None:
    one, two = join(1), join(2)
    two.send(RequestPositions(), RequestAccountUpdates(True, ACCOUNT))
    buy(one)
    replies = two.read()
    assert only(PositionData, replies)
    assert only(PortfolioValue, replies)


def test_a_summary_has_the_tags_that_were_asked_for(client) -> None:
    tags = "NetLiquidation,AccountType,NoSuchTag"
    assert client.send(RequestAccountSummary(9, "All", tags)) == [
        AccountSummary(9, ACCOUNT, "AccountType", "INDIVIDUAL", ""),
        AccountSummary(9, ACCOUNT, "NetLiquidation", "1000000.00", "USD"),
        AccountSummaryEnd(9),
    ]


@pytest.mark.parametrize(
    ("tag", "currencies"),
    [
        ("$LEDGER", {"BASE"}),
        ("$LEDGER:EUR", {"EUR"}),
        ("$LEDGER:ALL", {"BASE", "EUR", "USD"}),
    ],
)
def test_the_ledger_is_told_by_currency(client, tag, currencies) -> None:
    buy(client, 1000, contract=EURUSD)
    rows = only(AccountSummary, client.send(RequestAccountSummary(9, "All", tag)))
    assert {row.currency for row in rows} == currencies
    assert all(row.tag.startswith("$LEDGER-") for row in rows)
    cash = {row.currency: row.value for row in rows if row.tag == "$LEDGER-CashBalance"}
    assert cash.get("EUR", "1000.00") == "1000.00"
    assert cash.get("USD", "998897.90") == "998897.90"


def test_a_summary_changes_every_three_minutes_until_cancelled(client, world) -> None:
    client.send(RequestAccountSummary(9, "All", "NetLiquidation"))
    assert not only(AccountSummary, buy(client))
    world.advance(180)
    assert only(AccountSummary, client.read())[0].value == "999998.90"
    client.send(CancelAccountSummary(9))
    buy(client, order_id=2)
    world.advance(180)
    assert not only(AccountSummary, client.read())


def test_multi_updates_name_their_request(client) -> None:
    replies = client.send(RequestAccountUpdatesMulti(9, ACCOUNT))
    assert AccountUpdateMulti(9, ACCOUNT, "", "NetLiquidation", "1000000.00", "USD") in replies
    assert replies[-1] == AccountUpdateMultiEnd(9)
    assert only(AccountUpdateMulti, buy(client))
    client.send(CancelAccountUpdatesMulti(9))
    assert not only(AccountUpdateMulti, buy(client, order_id=2))


@pytest.mark.parametrize(
    ("request_", "id_"),
    [
        (RequestAccountUpdates(True, "DU404"), -1),
        (RequestAccountSummary(9, "DU404", "NetLiquidation"), 9),
        (RequestAccountUpdatesMulti(9, "DU404"), 9),
    ],
)
def test_an_unknown_account_is_refused_by_name(client, request_, id_) -> None:
    (reply,) = client.send(request_)
    assert (reply.id, reply.code) == (id_, 321)
    assert "Invalid account code 'DU404'." in reply.text


def test_contract_details_of_a_stock(client) -> None:
    data, end = client.send(RequestContractData(4, AAPL))
    details = data.details
    assert (details.contract.con_id, details.long_name) == (265598, "APPLE INC")
    assert details.min_tick == D("0.01")
    assert len(details.market_rule_ids.split(",")) == len(details.valid_exchanges.split(","))
    assert details.trading_hours.startswith("20250616:0400-20250616:2000;")
    assert "20250621:CLOSED" in details.liquid_hours
    assert end == ContractDataEnd(4)


@pytest.mark.parametrize(
    "wanted",
    [
        Contract(con_id=265598),
        Contract(local_symbol="AAPL", sec_type="STK"),
        Contract(sec_id_type="ISIN", sec_id="US0378331005"),
        Contract(symbol="AAPL", sec_type="STK", exchange="SMART"),
    ],
)
def test_a_contract_is_found_by_whatever_names_it(client, wanted) -> None:
    data, _ = client.send(RequestContractData(4, wanted))
    assert isinstance(data, ContractData)
    assert data.details.contract.symbol == "AAPL"


def test_a_query_that_names_nothing_finds_nothing(client) -> None:
    replies = client.send(RequestContractData(4, Contract(currency="USD", sec_type="STK")))
    assert [r.code for r in replies] == [200]


def told(client) -> dict[tuple[str, str], str]:
    """All account values, by tag and currency."""
    rows = only(AccountValue, client.send(RequestAccountUpdates(True, ACCOUNT)))
    assert len({(row.key, row.currency) for row in rows}) == len(rows)
    return {(row.key, row.currency): row.value for row in rows}


def test_all_captured_tags_of_an_account_are_told(client) -> None:
    keys = {key for key, _ in told(client)}
    assert {f"{key}{part}" for key in SEGMENTED for part in ("", "-S", "-C")} <= keys
    assert {key for key in keys if key.endswith("-P")} == set()
    assert keys >= WHOLE | SECURITIES


SEGMENTED = {
    *("AccruedCash", "AccruedDividend", "AvailableFunds", "Billable", "EquityWithLoanValue"),
    *("ExcessLiquidity", "FullAvailableFunds", "FullExcessLiquidity", "FullInitMarginReq"),
    *("FullMaintMarginReq", "Guarantee", "IncentiveCoupons", "IndianStockHaircut"),
    *("InitMarginReq", "LookAheadAvailableFunds", "LookAheadExcessLiquidity"),
    *("LookAheadInitMarginReq", "LookAheadMaintMarginReq", "MaintMarginReq", "NetLiquidation"),
    *("PASharesValue", "PhysicalCertificateValue", "PostExpirationExcess"),
    *("PostExpirationMargin", "TotalCashValue", "TotalDebitCardPendingCharges"),
}
WHOLE = {
    *("AccountCode", "AccountReady", "AccountType", "BuyingPower", "Cushion"),
    *("DayTradesRemaining", "DayTradesRemainingT+4", "GrossPositionValue"),
    *("LookAheadNextChange", "NLVAndMarginInReview", "NetLiquidationUncertainty"),
    *("ColumnPrio-C", "SegmentTitle-C", "WhatIfPMEnabled"),
}
SECURITIES = {
    *("ColumnPrio-S", "GrossPositionValue-S", "Leverage-S", "SegmentTitle-S", "TradingType-S"),
    *("PreviousDayEquityWithLoanValue-S", "RegTEquity-S", "RegTMargin-S", "SMA-S"),
}
BY_CURRENCY = {
    *("AccountOrGroup", "AccruedCash", "CashBalance", "CorporateBondValue", "Cryptocurrency"),
    *("Currency", "ExchangeRate", "FundValue", "FutureOptionValue", "FuturesPNL"),
    *("FxCashBalance", "IssuerOptionValue", "MoneyMarketFundValue", "MutualFundValue"),
    *("NetDividend", "NetLiquidationByCurrency", "OptionMarketValue", "RealCurrency"),
    *("RealizedPnL", "StockMarketValue", "TBillValue", "TBondValue", "TotalCashBalance"),
    *("UnrealizedPnL", "WarrantValue"),
}


def test_each_currency_has_every_row_of_the_ledger(client) -> None:
    buy(client, 1000, contract=EURUSD)
    values = told(client)
    for currency in ("BASE", "EUR", "USD"):
        assert {key for key, of in values if of == currency} >= BY_CURRENCY


BTC = Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", currency="USD")
XETRA = Contract(symbol="AMD", sec_type="STK", exchange="SMART", currency="EUR")
BOND = Contract(symbol="AAPL", sec_type="BOND", exchange="SMART", currency="USD")


@pytest.fixture
def varied(client, world):
    """An account that holds some of everything."""
    ledger = world.broker.ledgers[ACCOUNT]
    future = Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD")
    option = Contract(symbol="AAPL", sec_type="OPT", exchange="SMART", currency="USD")
    for contract, quantity, price in (
        (AAPL, 100, "99"),
        (BTC, 1, "60000"),
        (XETRA, 50, "100"),
        (BOND, 10_000, "95"),
        (EURUSD, 5_000, "1.09"),
        (future, -2, "5900"),
        (option, 3, "4"),
    ):
        ledger.apply(world.broker.database.find(contract)[0], D(quantity), D(price), D(1))
    return {key: D(text) for key, text in told(client).items() if _is_number(text)}


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


@pytest.mark.parametrize("key", sorted(SEGMENTED))
def test_segments_add_up_to_the_account(varied, key) -> None:
    parts = sum(varied[f"{key}-{segment}", "USD"] for segment in "SCP")
    assert parts == pytest.approx(varied[key, "USD"], abs=D("0.02"))


def test_the_commodities_hold_the_cash_that_their_futures_need(varied) -> None:
    assert varied["InitMarginReq-C", "USD"] == varied["EquityWithLoanValue-C", "USD"] > 0
    assert varied["AvailableFunds-C", "USD"] == 0
    assert varied["NetLiquidation-P", "USD"] == varied["Cryptocurrency", "USD"] > 0
    assert varied["AvailableFunds-P", "USD"] == 0


def test_values_by_kind_add_up_to_the_net_liquidation(varied) -> None:
    kinds = {
        *("CorporateBondValue", "Cryptocurrency", "FutureOptionValue", "FuturesPNL"),
        *("MutualFundValue", "OptionMarketValue", "StockMarketValue", "TBondValue"),
        *("WarrantValue", "TotalCashBalance"),
    }
    for currency in ("BASE", "EUR", "USD"):
        total = sum(varied[kind, currency] for kind in kinds)
        net = varied["NetLiquidationByCurrency", currency]
        assert total == pytest.approx(net, abs=D("0.06"))
    whole = varied["NetLiquidation", "USD"]
    assert varied["NetLiquidationByCurrency", "BASE"] == whole
    euros = varied["NetLiquidationByCurrency", "EUR"] * varied["ExchangeRate", "EUR"]
    assert euros + varied["NetLiquidationByCurrency", "USD"] == pytest.approx(whole, abs=D("0.02"))


def test_funds_follow_from_equity_and_margin(varied) -> None:
    equity, initial = varied["EquityWithLoanValue", "USD"], varied["InitMarginReq", "USD"]
    assert varied["AvailableFunds", "USD"] == pytest.approx(equity - initial, abs=D("0.01"))
    assert varied["BuyingPower", "USD"] == pytest.approx(4 * (equity - initial), abs=D("0.04"))
    assert varied["SMA-S", "USD"] == varied["SMA", "USD"]
