Feature: Order types
  An order waits, triggers and trades by what it says, and ends once.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @mock @simulator @container
  Scenario: A stop order waits for its trigger
    When I sell 1 AAPL if it falls to 95.00
    Then my order is held for its trigger

  @simulator @container
  Scenario: A stop order trades at the market once its price is reached
    Given I have an order to sell 1 AAPL if it falls to 95.00
    When AAPL is quoted 95.98 to 96.02
    Then my order is held for its trigger
    When AAPL is quoted 94.90 to 94.94
    Then my order is filled at 94.90

  @simulator @container
  Scenario: A stop order with a limit does not trade beyond it
    Given I have an order to sell 1 AAPL if it falls to 95.00 but not below 94.80
    When AAPL is quoted 94.40 to 94.44
    Then my order rests
    When AAPL is quoted 94.80 to 94.84
    Then my order is filled at 94.80

  @simulator @container
  Scenario: A trailing stop follows the market and never moves back
    Given I have an order to sell 1 AAPL if it falls by 2.00
    When AAPL is quoted 104.98 to 105.02
    And AAPL is quoted 103.48 to 103.52
    Then my order is held for its trigger
    When AAPL is quoted 102.90 to 102.94
    Then my order is filled at 102.90

  @mock @simulator @container
  Scenario: What is attached to an order waits for it
    Given I have an order to buy 1 AAPL at 99.00 or better
    When an order to sell 1 AAPL at 105.00 or better is attached to it
    Then my order is held for its parent

  @simulator @container
  Scenario: A bracket takes its profit
    Given I have an order to buy 1 AAPL at 99.00 or better
    And an order to sell 1 AAPL at 105.00 or better is attached to it
    And an order to sell 1 AAPL if it falls to 95.00 is attached to it
    When AAPL is quoted 98.96 to 99.00
    Then my first order is filled at 99.00
    When AAPL is quoted 105.00 to 105.04
    Then my second order is filled at 105.00
    And my third order is cancelled
    And the account holds 0 AAPL

  @simulator @container
  Scenario: A bracket takes its loss
    Given I have an order to buy 1 AAPL at 99.00 or better
    And an order to sell 1 AAPL at 105.00 or better is attached to it
    And an order to sell 1 AAPL if it falls to 95.00 is attached to it
    When AAPL is quoted 98.96 to 99.00
    And AAPL is quoted 94.90 to 94.94
    Then my third order is filled at 94.90
    And my second order is cancelled

  @simulator @container
  Scenario: What is attached to an order ends with it
    Given I have an order to buy 1 AAPL at 99.00 or better
    And an order to sell 1 AAPL if it falls to 95.00 is attached to it
    When I cancel my first order
    Then my second order is cancelled

  @simulator @container
  Scenario: One order cancels the other
    Given I have an order to buy 1 AAPL at 90.00 or better, in the group either
    And I have an order to buy 1 AAPL at 85.00 or better, in the group either
    When AAPL is quoted 89.96 to 90.00
    Then my first order is filled at 90.00
    And my second order is cancelled

  @mock @simulator @container
  Scenario: An order is filled in parts, at prices of the exchange's own
    Given I have an order to buy 10 AAPL at 90.00 or better
    When the exchange fills 4 of my order at 89.50
    Then 4 of my order are filled
    When the exchange fills 6 of my order at 90.00
    Then my order is filled at 89.80

  @simulator @container
  Scenario: Nothing is filled but by the exchange's own hand
    Given AAPL is filled by hand only
    When I buy 10 AAPL at the market
    Then nothing of it was filled
    When the exchange fills 10 of my order at 101.00
    Then my order is filled at 101.00

  @simulator @container
  Scenario: An order that stands in line is filled by what trades beyond those before it
    Given AAPL is filled by place in line
    And AAPL is quoted 99.98 to 100.02 with 30 on each side
    And I have an order to buy 10 AAPL at 99.98 or better
    When 30 AAPL are traded at 99.98
    Then my order rests
    When 4 AAPL are traded at 99.98
    Then 4 of my order are filled
    When 6 AAPL are traded at 99.98
    Then my order is filled at 99.98

  @simulator @container
  Scenario: What cannot be filled at once is cancelled
    Given AAPL is quoted 99.98 to 100.02 with 30 on each side
    When I buy 50 AAPL at 100.02 or better, at once or not
    Then 30 of my order are filled and the rest is cancelled

  @mock @simulator @container
  Scenario: An order is rejected with a code
    Given the next order is rejected with 201 for the reason "The exchange is closed."
    When I buy 1 AAPL at the market
    Then I am told ORDER_REJECTED
    And the gateway's code is 201
    And the message says "The exchange is closed."
    And the order errors metric reads 1

  @mock @simulator @container
  Scenario: Only the next order is rejected
    Given the next order is rejected with 110 for the reason ""
    When I buy 1 AAPL at the market
    Then I am told INVALID_PRICE
    When I buy 1 AAPL at the market
    Then my order is filled at 100.02

  @simulator @container
  Scenario: Nothing trades in a halt
    Given trading of AAPL is halted
    When I buy 1 AAPL at the market
    Then nothing of it was filled
    When trading of AAPL is resumed
    Then my order is filled at 100.02

  @simulator @container
  Scenario: A day order expires when its session is over
    Given I have an order to buy 1 AAPL at 90.00 or better
    When the next session of AAPL begins
    Then my order is cancelled

  @simulator @container
  Scenario: An order that is good until cancelled outlives the session
    Given I have an order to buy 1 AAPL at 90.00 or better, until cancelled
    When the next session of AAPL begins
    And AAPL is quoted 89.96 to 90.00
    Then my order is filled at 90.00

  @simulator @container
  Scenario: All or nothing is nothing where too little is offered
    Given AAPL is quoted 99.98 to 100.02 with 30 on each side
    When I buy 50 AAPL at 100.02 or better, all at once or not at all
    Then my order is inactive
    And nothing of it was filled

  @simulator @container
  Scenario: A stop to buy trades once the market has risen to it
    Given I have an order to buy 1 AAPL if it rises to 105.00
    When AAPL is quoted 105.06 to 105.10
    Then my order is filled at 105.10

  @mock @simulator @container
  Scenario: The price of a fill is corrected
    When I buy 10 AAPL at the market
    And my order is filled at 100.02
    And the exchange corrects my execution to 10 at 99.50
    Then I have been told of a fill of 10 at 99.50
    And my order is filled at 99.50

  @mock @simulator @container
  Scenario: A fill is busted
    When I buy 10 AAPL at the market
    And my order is filled at 100.02
    And the exchange busts my execution
    Then I have been told of a fill of 0 at 100.02
