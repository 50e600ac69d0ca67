Feature: Orders
  An order is sent once, and its owner is told what became of it.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario Outline: A market order is filled at the quote
    When I <side> 1 AAPL at the market
    Then my order is filled at <price>
    And the orders metric reads 1
    And the order errors metric reads 0

    Examples:
      | side | price  |
      | buy  | 100.02 |
      | sell | 99.98  |

  @mock @simulator @container
  Scenario: A commission is charged
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02
    And I am charged a commission of 1.00 USD

  @mock @simulator @container
  Scenario: A limit order beyond the market is filled at the market's price
    When I buy 1 AAPL at 100.10 or better
    Then my order is filled at 100.02

  @mock @simulator @container
  Scenario: A limit order away from the market rests
    When I buy 1 AAPL at 90.00 or better
    Then my order rests

  @mock @simulator @container
  Scenario: A resting order is cancelled
    Given I have an order to buy 1 AAPL at 90.00 or better
    When I cancel my order
    Then my order is cancelled
    And nothing of it was filled

  @mock @simulator @container
  Scenario: Cancelling twice is harmless
    Given I have an order to buy 1 AAPL at 90.00 or better
    When I cancel my order
    And I cancel my order
    Then my order is cancelled

  @mock @simulator @container
  Scenario: Cancelling an order that is filled already
    When I buy 1 AAPL at the market
    And my order is filled at 100.02
    And I cancel my order
    Then I am told CANCEL_TOO_LATE

  @mock @simulator @container
  Scenario: Cancelling an order that never was
    When I cancel order 4711
    Then I am told ORDER_NOT_FOUND

  @mock @simulator @container
  Scenario: Order ids are not used twice
    When I buy 1 AAPL at the market
    And I buy 1 AAPL at the market
    Then my two orders have different ids
    And the orders metric reads 2

  @mock @simulator @container
  Scenario: Events tell the story of an order
    When I buy 1 AAPL at the market
    And my order is filled at 100.02
    Then I have been told of a fill of 1 at 100.02
    And I have been told once only

  @simulator @container
  Scenario: The market comes to a resting order
    Given I have an order to buy 1 AAPL at 90.00 or better
    When AAPL is quoted 89.95 to 90.00
    Then my order is filled at 90.00

  @simulator @container
  Scenario: More is ordered than is displayed
    Given AAPL is quoted 99.98 to 100.02 with 30 on each side
    When I buy 50 AAPL at the market
    Then 30 of my order are filled
    When AAPL is quoted 100.00 to 100.04
    Then my order is filled at 100.028

  @mock @simulator @container
  Scenario: A key stands for one order
    When I buy 1 AAPL at 90.00 or better, under the key K1
    And I buy 1 AAPL at 90.00 or better, under the key K1
    Then both times it is the same order
    And 1 order has reached the gateway
    And the key K1 leads to my order

  @mock @simulator @container
  Scenario: A key cannot stand for two orders
    When I buy 1 AAPL at 90.00 or better, under the key K1
    And I buy 2 AAPL at 90.00 or better, under the key K1
    Then I am told IDEMPOTENCY_CONFLICT
    And 1 order has reached the gateway

  @mock @simulator @container
  Scenario: Two keys are two orders
    When I buy 1 AAPL at 90.00 or better, under the key K1
    And I buy 1 AAPL at 90.00 or better, under the key K2
    Then my two orders have different ids

  @mock @simulator @container
  Scenario: Somebody else cancels my order
    Given I have an order to buy 1 AAPL at 90.00 or better
    When somebody else cancels my order
    Then my order is cancelled
    And nothing of it was filled

  @mock @simulator @container
  Scenario: An order that is filled in part is cancelled
    Given I have an order to buy 10 AAPL at 90.00 or better
    When the exchange fills 4 of my order at 90.00
    And I cancel my order
    Then 4 of my order are filled and the rest is cancelled

  @mock @simulator @container
  Scenario: One order is cancelled and the other goes on
    Given I have an order to buy 1 AAPL at 90.00 or better
    And I have an order to buy 1 AAPL at 91.00 or better
    When I cancel my first order
    Then my first order is cancelled
    And my second order rests
