Feature: Market data
  Quotes arrive for as long as they are wanted, across a lost connection.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario: Quotes of a known symbol
    When I request market data for AAPL
    Then I see AAPL at 99.98 to 100.02
    And the subscription metric reads 1

  @mock @simulator @container
  Scenario: The market moves
    Given I have requested market data for AAPL
    When AAPL is quoted 100.10 to 100.14
    Then I see AAPL at 100.10 to 100.14

  @mock @simulator @container
  Scenario: Asking twice is one subscription
    Given I have requested market data for AAPL
    When I request market data for AAPL
    Then the subscription metric reads 1

  @mock @simulator @container
  Scenario: No more quotes after cancelling
    Given I have requested market data for AAPL
    When I cancel market data for AAPL
    Then the subscription metric reads 0
    And the quotes have ended

  @mock @simulator @container
  Scenario: Cancelling what was never requested
    When I cancel market data for AAPL
    Then I am told NOT_SUBSCRIBED

  @mock @simulator @container
  Scenario: Two symbols at once
    Given MSFT is quoted 400.00 to 400.10
    And I have requested market data for AAPL
    When I request market data for MSFT
    Then I see MSFT at 400.00 to 400.10
    And I see AAPL at 99.98 to 100.02
    And the subscription metric reads 2

  @mock @simulator @container
  Scenario: Quotes resume after the connection was lost
    Given I have requested market data for AAPL
    When the gateway goes down
    And I notice that the connection is lost
    And the gateway comes back
    And I am connected again without doing anything
    And AAPL is quoted 101.00 to 101.04
    Then I see AAPL at 101.00 to 101.04
    And the subscription metric reads 1

  @simulator @container
  Scenario: A side that nobody quotes
    When AAPL has no bid and an ask of 100.02
    And I request market data for AAPL
    Then I see AAPL with no bid and an ask of 100.02

  @simulator @container
  Scenario: The gateway asks for a market once
    Given I have requested market data for AAPL
    When I request market data for AAPL
    Then the gateway was asked for market data once

  @mock @simulator @container
  Scenario: Asking again after cancelling
    Given I have requested market data for AAPL
    When I cancel market data for AAPL
    And I request market data for AAPL
    Then I see AAPL at 99.98 to 100.02
    And the subscription metric reads 1

  @mock @simulator @container
  Scenario: Quotes end with the connection that was closed
    Given I have requested market data for AAPL
    When I disconnect
    Then the quotes of AAPL end

  @mock @simulator @container
  Scenario: Nothing can be asked for without a connection
    When I disconnect
    And I request market data for AAPL
    Then I am told NOT_CONNECTED
    And the subscription metric reads 0
