Feature: Errors
  What cannot be done is refused by name, and nothing else happens.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario: Market data of an unknown symbol
    When I request market data for NOPE
    Then I am told CONTRACT_NOT_FOUND
    And the gateway's code is 200
    And the message says "No security definition has been found for the request"
    And the subscription metric reads 0

  @mock @simulator @container
  Scenario: An order for an unknown symbol
    When I buy 1 NOPE at the market
    Then I am told CONTRACT_NOT_FOUND
    And the gateway's code is 200
    And the order errors metric reads 1
    And no order has reached the gateway

  @mock @simulator @container
  Scenario Outline: An order that makes no sense is never sent
    When I <side> <quantity> AAPL at <price> or better
    Then I am told INVALID_ORDER
    And the field <field> is named
    And no order has reached the gateway

    Examples:
      | side | quantity | price    | field       |
      | buy  | -1       | 100.00   | quantity    |
      | buy  | 0        | 100.00   | quantity    |
      | buy  | NaN      | 100.00   | quantity    |
      | buy  | 1        | NaN      | limit_price |
      | buy  | 1        | Infinity | limit_price |
      | hold | 1        | 100.00   | action      |

  @mock @simulator @container
  Scenario: An order larger than allowed is never sent
    Given I may order at most 10 at once
    When I buy 11 AAPL at the market
    Then I am told ORDER_LIMIT_EXCEEDED
    And no order has reached the gateway

  @simulator @container
  Scenario: A price between two ticks is rejected by the gateway
    When I buy 1 AAPL at 90.005 or better
    Then I am told INVALID_PRICE
    And the gateway's code is 110
    And the order errors metric reads 1

  @mock @simulator @container
  Scenario: Market data that the account has not subscribed to
    Given the account may not see AAPL
    When I request market data for AAPL
    Then I am told MARKET_DATA_NOT_SUBSCRIBED
    And the gateway's code is 10168
    And the subscription metric reads 0

  @mock @simulator @container
  Scenario: An order attached to one that never was
    Given I have an order to buy 1 AAPL at 99.00 or better
    And I have cancelled my order
    When an order to sell 1 AAPL at 105.00 or better is attached to it
    Then I am told ORDER_NOT_FOUND
    And the gateway's code is 135

  @mock @simulator @container
  Scenario: A refusal leaves the next order alone
    When I buy 1 NOPE at the market
    And I buy 1 AAPL at the market
    Then my order is filled at 100.02
