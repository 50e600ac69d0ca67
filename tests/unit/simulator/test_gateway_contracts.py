"""Contract search. Which bug turns these red: a request answered with the wrong contract or never."""

from decimal import Decimal as D

import pytest

from simulator import World, WorldError, WorldSettings
from simulator.instruments import INSTRUMENTS, PRODUCTS
from simulator.messages.connection import ErrorMessage
from simulator.messages.contracts import (
    BondContractData,
    ContractDataEnd,
    MarketRule,
    PriceIncrement,
    RequestContractData,
    RequestMarketDepthExchanges,
    RequestMarketRule,
    RequestMatchingSymbols,
    RequestSmartComponents,
)
from simulator.messages.market_data import RequestMarketData
from simulator.messages.options import (
    OptionParameters,
    OptionParametersEnd,
    RequestOptionParameters,
)
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order


def details(client, include_expired=False, **fields):
    replies = client.send(RequestContractData(5, Contract(**fields), include_expired))
    assert replies.pop() == ContractDataEnd(5)
    return [reply.details for reply in replies]


def code(replies) -> int:
    (error,) = replies
    assert isinstance(error, ErrorMessage)
    return error.code


def test_the_database_has_what_was_promised() -> None:
    count = {kind: sum(i.sec_type == kind for i in INSTRUMENTS) for kind in ("STK", "CASH", "IND")}
    assert count["STK"] >= 40
    assert count["CASH"] >= 12
    assert count["IND"] >= 6
    assert len({i.con_id for i in INSTRUMENTS}) == len(INSTRUMENTS)
    assert [p.sec_type for p in PRODUCTS].count("OPT") == 7


def test_an_ambiguous_pair_is_answered_with_all_of_them(client) -> None:
    found = details(client, symbol="EUR", sec_type="CASH")
    assert {d.contract.currency for d in found} == {"USD", "GBP", "JPY", "CHF"}


def test_an_exchange_that_is_named_is_the_one_of_the_answer(client) -> None:
    """Red if a contract qualified for one venue is sent to another."""
    (found,) = details(client, symbol="SPY", sec_type="STK", exchange="ARCA")
    assert (found.contract.exchange, found.contract.primary_exchange) == ("ARCA", "ARCA")
    (smart,) = details(client, symbol="SPY", sec_type="STK", exchange="SMART")
    assert smart.contract.exchange == "SMART"
    (renamed,) = details(client, symbol="ES", sec_type="CONTFUT", exchange="GLOBEX")
    assert renamed.contract.exchange == "CME"


def test_a_symbol_without_an_exchange_is_answered_for_each(client) -> None:
    """Red if an ambiguous request looks unique: it is refused by a real gateway later."""
    found = details(client, symbol="SPY", sec_type="STK")
    exchanges = [d.contract.exchange for d in found]
    assert exchanges[0] == "SMART"
    assert sorted(exchanges) == sorted(found[0].valid_exchanges.split(","))
    assert {d.contract.con_id for d in found} == {756733}
    (by_id,) = details(client, con_id=756733)
    assert by_id.contract.exchange == "SMART"


def test_a_future_without_a_month_means_all_listed_ones_in_order(client) -> None:
    found = details(client, symbol="ES", sec_type="FUT", exchange="CME")
    months = [d.contract_month for d in found]
    assert len(found) == 8
    assert months == sorted(months)
    assert {month[4:] for month in months} == {"03", "06", "09", "12"}
    assert all(d.contract.multiplier == "50" for d in found)


def test_expired_futures_are_found_only_when_asked_for(client) -> None:
    live = details(client, symbol="ES", sec_type="FUT")
    kept = details(client, True, symbol="ES", sec_type="FUT")
    assert kept[-8:] == live
    assert len(kept) == 8 + 7  # two years of quarters, less one that began before them
    gone = kept[0].contract
    by_id = Contract(con_id=gone.con_id)
    assert code(client.send(RequestContractData(6, by_id))) == 200
    assert details(client, True, con_id=gone.con_id)[0].contract == gone


def test_the_continuous_future_is_the_front_one(client) -> None:
    (front,) = details(client, symbol="ES", sec_type="CONTFUT", exchange="CME")
    assert front.contract.con_id == details(client, symbol="ES", sec_type="FUT")[0].contract.con_id
    assert front.contract.sec_type == "CONTFUT"


def test_an_option_is_told_by_its_terms_its_id_and_its_name(client) -> None:
    chain = details(client, symbol="AAPL", sec_type="OPT", strike=D(230), right="C")
    option = chain[0].contract
    assert {(d.contract.strike, d.contract.right) for d in chain} == {(D(230), "C")}
    assert details(client, con_id=option.con_id)[0].contract == option
    named = details(client, sec_type="OPT", local_symbol=option.local_symbol)
    assert [d.contract for d in named] == [option]
    assert chain[0].under_con_id == 265598


def test_a_bond_has_a_message_of_its_own(client) -> None:
    replies = client.send(RequestContractData(5, Contract(symbol="US-T", sec_type="BOND")))
    assert isinstance(replies[0], BondContractData)
    assert replies[0].bond.coupon == 4


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"symbol": "NOPE", "sec_type": "STK"}, 200),
        ({"symbol": "AAPL", "sec_type": "BAG"}, 200),
        ({"symbol": "AAPL"}, 321),
        ({"symbol": "AAPL", "sec_type": "STOCK"}, 321),
        ({"con_id": 1 << 30}, 200),
        ({"con_id": 2**31 - 1}, 200),
    ],
)
def test_what_is_not_there_is_an_error_without_an_end(client, fields, expected) -> None:
    assert code(client.send(RequestContractData(5, Contract(**fields)))) == expected


def test_an_isin_is_enough(client) -> None:
    (found,) = details(client, sec_id_type="ISIN", sec_id="US0378331005")
    assert found.contract.con_id == 265598


def test_symbols_are_searched_by_symbol_then_by_name(client) -> None:
    (reply,) = client.send(RequestMatchingSymbols(5, "appl"))
    assert "AAPL" in [sample.contract.symbol for sample in reply.samples]
    (reply,) = client.send(RequestMatchingSymbols(5, "MS"))
    assert reply.samples[0].contract.symbol == "MSFT"
    assert reply.samples[0].derivative_sec_types == ("CFD", "OPT")


def test_every_chain_parameter_names_a_contract(client) -> None:
    *chains, end = client.send(RequestOptionParameters(5, "AAPL", "", "STK", 265598))
    assert end == OptionParametersEnd(5)
    assert len(chains) == 21
    assert all(isinstance(chain, OptionParameters) for chain in chains)
    for day in chains[0].expirations:
        found = details(client, symbol="AAPL", sec_type="OPT", last_trade_date=day)
        assert {d.contract.strike for d in found} == set(chains[0].strikes)


def test_options_on_a_future_belong_to_it(client) -> None:
    front = details(client, symbol="ES", sec_type="FUT")[0].contract
    chain, _ = client.send(RequestOptionParameters(5, "ES", "CME", "FUT", front.con_id))
    assert max(chain.expirations) <= front.last_trade_date
    options = details(
        client, symbol="ES", sec_type="FOP", last_trade_date=chain.expirations[-1], right="P"
    )
    assert {d.under_con_id for d in options} == {front.con_id}


def test_option_parameters_of_what_is_not_there(client) -> None:
    assert code(client.send(RequestOptionParameters(5, "AAPL", "", "STK", 0))) == 321
    assert client.send(RequestOptionParameters(5, "IBM", "", "STK", 8314)) == [
        OptionParametersEnd(5)
    ]


def test_market_rules(client) -> None:
    rule = MarketRule(26, (PriceIncrement(D(0), D("0.01")),))
    assert client.send(RequestMarketRule(26)) == [rule]
    assert code(client.send(RequestMarketRule(999_999))) == 321


def test_every_rule_a_contract_names_exists(client) -> None:
    for instrument in (*INSTRUMENTS, *(c for p in ("ES", "CL", "ZN") for c in futures(client, p))):
        assert isinstance(client.send(RequestMarketRule(instrument.market_rule_id))[0], MarketRule)


def futures(client, symbol):
    return client.world.database.find(Contract(symbol=symbol, sec_type="FUT"))


def test_venues(client) -> None:
    (depth,) = client.send(RequestMarketDepthExchanges())
    assert {"STK", "FUT", "CASH"} <= {row.sec_type for row in depth.exchanges}
    (known,) = client.send(RequestSmartComponents(5, "9c0001"))
    assert ("NASDAQ", "Q") in [(c.exchange, c.exchange_letter) for c in known.components]
    (unknown,) = client.send(RequestSmartComponents(5, "bad"))
    assert unknown.components == ()


def test_market_data_of_an_ambiguous_contract_is_refused(client) -> None:
    wanted = Contract(symbol="ES", sec_type="FUT", exchange="CME")
    assert code(client.send(RequestMarketData(5, wanted))) == 200


def test_a_file_of_ones_own(tmp_path, join) -> None:
    file = tmp_path / "own.csv"
    file.write_text("symbol,kind,anchor\nACME,stock,12.5\n", "utf-8-sig")  # as a spreadsheet does
    world = World(WorldSettings(clock="manual", instruments=file))
    (found,) = details(join(world=world), symbol="ACME", sec_type="STK", exchange="SMART")
    assert 10**9 <= found.contract.con_id < 2**30


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("symbol,kind,anchor\nACME,stock,x\n", "line 2, field anchor"),
        ("no table at all\n", "line 1, field [*]: no row follows; begin with a header"),
        ("", "line 1, field [*]: no row follows; begin with a header"),
        ("symbol,kind\nACME,share\n", "line 2, field kind"),
        ("symbol,kind,colour\nACME,stock,red\n", "line 2, field colour"),
        ("symbol,kind\nACME,stock\nACME,stock\n", "line 3, field con_id"),
        ("symbol,kind,market_rule_id\nACME,stock,7\n", "line 2, field market_rule_id"),
        (
            "symbol,kind,calendar\nACME,stock,XXXX\n",
            "line 2, field calendar: 'XXXX' is not a known",
        ),
        ("symbol,kind,time_zone\nACME,stock,US/Utopia\n", "line 2, field time_zone: 'US/Utopia'"),
        ("symbol,kind,trading_hours\nACME,stock,0930-2500\n", "field trading_hours: '0930-2500'"),
    ],
)
def test_a_bad_file_is_refused_by_line_and_field(tmp_path, text, where) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(WorldError, match=where):
        World(WorldSettings(instruments=file))


def test_prices_and_sizes_of_orders_follow_the_contract(client) -> None:
    front = details(client, symbol="ES", sec_type="FUT")[0].contract
    order = Order(action="BUY", order_type="LMT", total_quantity=D(1), limit_price=D("1000.10"))
    assert code(client.send(PlaceOrder(1, front, order))) == 110
