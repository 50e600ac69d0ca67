Feature: Security
  Nothing is traded that was not meant to be, and no account is named to those who only read logs.

  @mock @simulator @container
  Scenario: A live account is refused
    Given the gateway is logged in to U1234567
    When I connect
    Then I am told LIVE_TRADING_REFUSED
    And I am not connected
    And no message names U1234567 in full

  @mock @simulator @container
  Scenario: A live account has to be allowed by its exact name
    Given the gateway is logged in to U1234567
    And I have allowed live trading of U7654321
    When I connect
    Then I am told LIVE_TRADING_REFUSED

  @mock @simulator @container
  Scenario: An account that is not managed here is refused
    Given I mean to trade the account DU9999999
    When I connect
    Then I am told INVALID_REQUEST
    And I am not connected
    And no message names DU9999999 in full

  @mock @simulator @container
  Scenario: An order for somebody else's account is never sent
    Given I am connected
    When I buy 1 AAPL at 90.00 or better, for the account DU9999999
    Then I am told INVALID_ORDER
    And the field account is named
    And no message names DU9999999 in full
    And no order has reached the gateway

  @mock @simulator @container
  Scenario: Who may only read sends no order
    Given I am connected
    And I may only read
    When I buy 1 AAPL at the market
    Then I am told READ_ONLY_API
    And no order has reached the gateway

  @mock @simulator @container
  Scenario: Who may only read cancels no order
    Given I am connected
    And I may only read
    When I cancel order 4711
    Then I am told READ_ONLY_API

  @mock @simulator @container
  Scenario: Who may only read sees quotes
    Given I am connected
    And I may only read
    And AAPL is quoted 99.98 to 100.02
    When I request market data for AAPL
    Then I see AAPL at 99.98 to 100.02

  @mock @simulator @container
  Scenario: A gateway that lets clients only read is understood
    Given I am connected
    And the next order is rejected with 321 for the reason "The API interface is currently in Read-Only mode."
    When I buy 1 AAPL at 90.00 or better
    Then I am told READ_ONLY_API

  @mock @simulator @container
  Scenario: An order worth more than allowed is never sent
    Given I am connected
    And I may order for at most 1000 USD at once
    When I buy 11 AAPL at 100.00 or better
    Then I am told ORDER_LIMIT_EXCEEDED
    And no order has reached the gateway

  @mock @simulator @container
  Scenario: An order within the limits is sent
    Given I am connected
    And I may order for at most 1000 USD at once
    And AAPL is quoted 99.98 to 100.02
    When I buy 10 AAPL at 90.00 or better
    Then my order rests

  @mock @simulator @container
  Scenario: The log tells of orders and names no account in full
    Given I am connected
    And AAPL is quoted 99.98 to 100.02
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02
    And the log tells of order_submitted
    And no line of the log names DU9000001 in full

  @mock @simulator @container
  Scenario: While trading is halted no order is sent
    Given I am connected
    And my orders obey a kill switch
    When somebody halts trading because of wild prices
    And I buy 1 AAPL at 90.00 or better
    Then I am told TRADING_HALTED
    And the message says "wild prices"
    And no order has reached the gateway

  @mock @simulator @container
  Scenario: While trading is halted an order can be cancelled
    Given I am connected
    And my orders obey a kill switch
    And AAPL is quoted 99.98 to 100.02
    And I have an order to buy 1 AAPL at 90.00 or better
    When somebody halts trading because of wild prices
    And I cancel my order
    Then my order is cancelled

  @mock @simulator @container
  Scenario: A halt lasts until trading is resumed
    Given I am connected
    And my orders obey a kill switch
    And AAPL is quoted 99.98 to 100.02
    When somebody halts trading because of wild prices
    And I disconnect
    And I connect
    And I buy 1 AAPL at 90.00 or better
    Then I am told TRADING_HALTED
    When somebody resumes trading
    And I buy 1 AAPL at 90.00 or better
    Then my order rests
    And 1 order has reached the gateway
