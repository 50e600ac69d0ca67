Feature: Paper trading
  What must hold of every gateway, and so of IB's own, in a paper account.

  Background:
    Given I am connected
    And there is a market for AAPL

  @mock @simulator @container @live
  Scenario: The account is a paper account
    Then my account is a paper account

  @mock @simulator @container @live
  Scenario: A known symbol has a price
    When I request market data for AAPL
    Then I see a price of AAPL
    And the subscription metric reads 1

  @mock @simulator @container @live
  Scenario: A symbol that nobody knows is refused
    When I request market data for NOPEXYZ
    Then I am told CONTRACT_NOT_FOUND
    And the gateway's code is 200

  @mock @simulator @container @live
  Scenario: An order that never was cannot be cancelled
    When I cancel order 2000000000
    Then I am told ORDER_NOT_FOUND

  @mock @simulator @container @live
  Scenario: An order that makes no sense is not sent
    When I buy 0 AAPL at 1.00 or better
    Then I am told INVALID_ORDER
    And the orders metric reads 0

  @mock @simulator @container @live
  Scenario: Who may only read trades nothing
    Given I may only read
    When I buy 1 AAPL at 1.00 or better
    Then I am told READ_ONLY_API
    And the orders metric reads 0

  @mock @simulator @container @live @live_orders
  Scenario: An order far from the market is taken and cancelled
    Given I have requested market data for AAPL
    And I see a price of AAPL
    When I buy 1 AAPL far below the market
    Then my order is working
    When I cancel my order
    Then my order is cancelled
    And nothing of it was filled

  @mock @simulator @container @live @live_orders
  Scenario: An order under a key is one order
    Given I have requested market data for AAPL
    And I see a price of AAPL
    When I buy 1 AAPL far below the market, under the key PAPER-1
    And I buy 1 AAPL far below the market, under the key PAPER-1
    Then both times it is the same order
    And the orders metric reads 1
    When I cancel my order
    Then my order is cancelled
