Feature: Connection
  A client knows at every moment whether it can trade, and comes back by itself.

  @mock @simulator @container @live
  Scenario: Connecting to a gateway
    When I connect
    Then I am connected
    And the connection metric reads 1

  @mock @simulator @container @live
  Scenario: Connecting twice is harmless
    Given I am connected
    When I connect
    Then I am connected

  @mock @simulator @container @live
  Scenario: Disconnecting
    Given I am connected
    When I disconnect
    Then I am not connected
    And the connection metric reads 0

  @mock @simulator @container
  Scenario: A gateway that is not there
    Given the gateway is down
    When I connect
    Then I am told GATEWAY_UNAVAILABLE
    And I am not connected

  @mock @simulator @container
  Scenario: The gateway goes away and comes back
    Given I am connected
    When the gateway goes down
    Then I notice that the connection is lost
    And the connection metric reads 0
    When the gateway comes back
    Then I am connected again without doing anything
    And the connection metric reads 1

  @mock @simulator @container
  Scenario: Nothing can be asked of a lost connection
    Given I am connected
    When the gateway goes down
    And I notice that the connection is lost
    And I buy 1 AAPL at the market
    Then I am told NOT_CONNECTED

  @mock @simulator @container
  Scenario: A client id that somebody else uses
    Given another client is connected under my client id
    When I connect
    Then I am told CLIENT_ID_IN_USE
    And the gateway's code is 326
    And I am not connected

  @mock @simulator @container @live
  Scenario: Connecting again after disconnecting
    Given I am connected
    When I disconnect
    And I connect
    Then I am connected
    And the connection metric reads 1

  @mock @simulator @container
  Scenario: A gateway that was not there is there later
    Given the gateway is down
    When I connect
    Then I am told GATEWAY_UNAVAILABLE
    When the gateway is back
    And I connect
    Then I am connected
