Feature: Metrics
  What is counted can be trusted: an order is one that was handed over, an error one that was told.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario: An order that is refused here is an error and no order
    When I buy 0 AAPL at 100.00 or better
    Then the orders metric reads 0
    When I buy 1 NOPE at the market
    Then the orders metric reads 0
    And the order errors metric reads 1

  @mock @simulator @container
  Scenario: An order that the gateway rejects is an order and an error
    Given the next order is rejected with 201 for the reason "No."
    When I buy 1 AAPL at the market
    Then the orders metric reads 1
    And the order errors metric reads 1

  @mock @simulator @container
  Scenario: An order in doubt is an order and an error
    Given the gateway will not answer my next order
    When I buy 1 AAPL at 90.00 or better
    Then the orders metric reads 1
    And the order errors metric reads 1

  @mock @simulator @container
  Scenario: An order is counted once, however often it is filled
    Given I have an order to buy 10 AAPL at 90.00 or better
    When the exchange fills 4 of my order at 90.00
    And the exchange fills 6 of my order at 90.00
    Then my order is filled at 90.00
    And the orders metric reads 1

  @mock @simulator @container
  Scenario: A cancel is no order
    Given I have an order to buy 1 AAPL at 90.00 or better
    When I cancel my order
    Then the orders metric reads 1
    And the order errors metric reads 0

  @mock @simulator @container
  Scenario: An order under a key that is used again is not counted again
    When I buy 1 AAPL at 90.00 or better, under the key K1
    And I buy 1 AAPL at 90.00 or better, under the key K1
    Then the orders metric reads 1
    And the order errors metric reads 0

  @mock @simulator @container
  Scenario: Orders stay counted when the connection is lost
    When I buy 1 AAPL at the market
    And the gateway goes down
    And I notice that the connection is lost
    Then the orders metric reads 1
    And the connection metric reads 0

  @mock @simulator @container
  Scenario: The connection counts as down while the gateway has no IB
    When the gateway loses IB
    Then the connection metric reads 0
    When the gateway has IB again
    Then the connection metric reads 1

  @mock @simulator @container
  Scenario: Subscriptions end with the connection that was closed
    Given I have requested market data for AAPL
    When I disconnect
    Then the subscription metric reads 0

  @mock @simulator @container
  Scenario Outline: Prometheus can read what is counted
    When I buy 1 AAPL at the market
    Then Prometheus can read <name> as a <kind>

    Examples:
      | name                         | kind    |
      | ib_connection_status         | gauge   |
      | ib_orders_total              | counter |
      | ib_order_errors_total        | counter |
      | ib_market_data_subscriptions | gauge   |
