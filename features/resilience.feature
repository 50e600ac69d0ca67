Feature: Resilience
  Whatever breaks on the way, an order is sent once, and what became of it is found out.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario: The gateway loses IB and gets it back
    When the gateway loses IB
    Then I notice that I cannot trade
    And the connection is degraded
    When the gateway has IB again
    Then I am connected again without doing anything

  @mock @simulator @container
  Scenario: No order is sent while the gateway has no IB
    Given the gateway has lost IB
    When I notice that I cannot trade
    And I buy 1 AAPL at the market
    Then I am told NOT_CONNECTED
    And no order has reached the gateway

  @mock @simulator @container
  Scenario: Trading goes on when IB is back
    When the gateway loses IB
    And I notice that I cannot trade
    And the gateway has IB again
    And I am connected again without doing anything
    And I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @mock @simulator @container
  Scenario: Quotes go on when IB is back
    Given I have requested market data for AAPL
    When the gateway loses IB
    And I notice that I cannot trade
    And the gateway has IB again
    And I am connected again without doing anything
    And AAPL is quoted 101.00 to 101.04
    Then I see AAPL at 101.00 to 101.04
    And the subscription metric reads 1

  @simulator @container
  Scenario: Market data that is still there is not asked for again
    Given I have requested market data for AAPL
    When the gateway loses IB
    And I notice that I cannot trade
    And the gateway has IB again
    Then I am connected again without doing anything
    And the gateway was asked for market data once

  @simulator @container
  Scenario: Market data that IB has lost is asked for again
    Given I have requested market data for AAPL
    When the gateway loses IB
    And I notice that I cannot trade
    And the gateway has IB again, but not its market data
    And I am connected again without doing anything
    And AAPL is quoted 101.00 to 101.04
    Then I see AAPL at 101.00 to 101.04
    And the gateway was asked for market data twice

  @simulator @container
  Scenario: A broken market data farm stops no order
    When the market data farm usfarm is broken
    And I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @mock @simulator @container
  Scenario: A fill while the connection was lost is told after it
    Given I have an order to buy 1 AAPL at 90.00 or better
    When the gateway goes down
    And I notice that the connection is lost
    And the exchange fills 1 of my order at 90.00
    And the gateway comes back
    And I am connected again without doing anything
    Then my order is filled at 90.00
    And I have been told of a fill of 1 at 90.00
    And I have been told once only

  @mock @simulator @container
  Scenario: An order is filled in part before and in part after the loss
    Given I have an order to buy 10 AAPL at 90.00 or better
    When the exchange fills 4 of my order at 90.00
    And the gateway goes down
    And I notice that the connection is lost
    And the exchange fills 6 of my order at 89.00
    And the gateway comes back
    And I am connected again without doing anything
    Then my order is filled at 89.40

  @mock @simulator @container
  Scenario: An order that ended while the connection was lost is known to have ended
    Given I have an order to buy 1 AAPL at 90.00 or better
    When the gateway goes down
    And I notice that the connection is lost
    And somebody else cancels my order
    And the gateway comes back
    And I am connected again without doing anything
    Then my order is cancelled

  @mock @simulator @container
  Scenario: A resting order outlives the connection
    Given I have an order to buy 1 AAPL at 90.00 or better
    When the gateway goes down
    And I notice that the connection is lost
    And the gateway comes back
    And I am connected again without doing anything
    And I cancel my order
    Then my order is cancelled

  @mock @simulator @container
  Scenario: An order without an answer is in doubt, and is not sent again
    Given the gateway will not answer my next order
    When I buy 1 AAPL at 90.00 or better
    Then it is not known what became of my order
    And 1 order has reached the gateway

  @mock @simulator @container
  Scenario: An order in doubt is found when the connection is back
    Given the gateway will not answer my next order
    And I have an order to buy 1 AAPL at 90.00 or better
    When the gateway goes down
    And I notice that the connection is lost
    And the gateway comes back
    And I am connected again without doing anything
    Then my order was found with the gateway
    And no order of mine is in doubt
    And 1 order has reached the gateway

  @mock @simulator @container
  Scenario: An order in doubt is not doubled by trying again under its key
    Given the gateway will not answer my next order
    When I buy 1 AAPL at 90.00 or better, under the key K1
    And I buy 1 AAPL at 90.00 or better, under the key K1
    Then it is not known what became of my order
    And 1 order has reached the gateway

  @simulator @container
  Scenario: The connection breaks before my order is read
    Given the connection is reset when my order arrives
    When I buy 1 AAPL at 90.00 or better
    Then I am told ORDER_STATE_UNKNOWN
    And I am connected again without doing anything
    And no order of mine is in doubt
    And 1 order has reached the gateway

  @simulator @container
  Scenario: The connection breaks before my order is acknowledged
    Given the connection is closed when my order is acknowledged
    When I buy 1 AAPL at 90.00 or better
    And I am connected again without doing anything
    Then my order was found with the gateway
    And 1 order has reached the gateway

  @simulator @container
  Scenario Outline: What is told twice is believed once
    Given every <message> is told twice
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02
    And I have been told once only

    Examples:
      | message      |
      | open order   |
      | order status |
      | execution    |
      | commission   |

  @simulator @container
  Scenario: A fill is known from its execution alone
    Given every order status is lost
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @simulator @container
  Scenario: A fill is known from its status alone
    Given every execution is lost
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @simulator @container
  Scenario: A commission that comes late is charged all the same
    Given every commission is told 30 seconds late
    When I buy 1 AAPL at the market
    And my order is filled at 100.02
    And 30 seconds pass
    Then I am charged a commission of 1.00 USD

  @simulator @container
  Scenario Outline: The gateway restarts
    Given I have an order to buy 1 AAPL at 90.00 or better
    When the gateway restarts <how>
    And I notice that the connection is lost
    And 60 seconds pass
    And I am connected again without doing anything
    Then my order rests
    When I cancel my order
    Then my order is cancelled

    Examples:
      | how            |
      | as every night |
      | after a crash  |

  @simulator @container
  Scenario: My own session is still there when I come back
    Given my session lives on at the gateway when I am gone
    When the gateway goes down
    And I notice that the connection is lost
    And the gateway comes back
    And 60 seconds pass
    Then I am connected again without doing anything

  @simulator @container
  Scenario: A message that nobody knows does no harm
    When IB changes what it can say to something nobody knows
    And I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @simulator @container
  Scenario: An answer that comes in pieces is understood
    Given the gateway sends byte by byte
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02
    And I have been told once only
