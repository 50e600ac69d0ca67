Feature: Accounts
  Money and positions are what the executions say, and decide what may be ordered.

  Background:
    Given I am connected
    And AAPL is quoted 99.98 to 100.02

  @simulator @container
  Scenario: What is bought is held
    When I buy 10 AAPL at the market
    Then my order is filled at 100.02
    And the account holds 10 AAPL

  @simulator @container
  Scenario: What is sold again is not held any more
    When I buy 10 AAPL at the market
    And I sell 10 AAPL at the market
    Then my order is filled at 99.98
    And the account holds 0 AAPL

  @simulator @container
  Scenario: Several purchases are one position
    When I buy 10 AAPL at the market
    And I buy 5 AAPL at the market
    Then the account holds 15 AAPL

  @simulator @container
  Scenario: A purchase costs its price and a commission
    Given the account has 1000000 USD in cash
    When I buy 10 AAPL at the market
    Then my order is filled at 100.02
    And the account has 998998.80 USD in cash

  @simulator @container
  Scenario: An order that rests moves no money
    When I buy 10 AAPL at 90.00 or better
    Then my order rests
    And the account has 1000000 USD in cash
    And the account holds 0 AAPL

  @simulator @container
  Scenario: What was never held can be sold short
    When I sell 10 AAPL at the market
    Then my order is filled at 99.98
    And the account holds -10 AAPL

  @simulator @container
  Scenario: Money paid out takes its leverage of buying power with it
    Given the account has a buying power of 4000000 USD
    When 900000 USD are paid out of the account
    Then the account has a buying power of 400000 USD
    When 100000 USD are paid into the account
    Then the account has a buying power of 800000 USD

  @simulator @container
  Scenario: An order that the account cannot bear is rejected
    Given 990000 USD are paid out of the account
    When I buy 1000 AAPL at the market
    Then I am told ORDER_REJECTED
    And the gateway's code is 201
    And the message says "Initial Margin"
    And the account holds 0 AAPL

  @simulator @container
  Scenario: The price of an execution is corrected
    When I buy 10 AAPL at the market
    And my order is filled at 100.02
    And the exchange corrects my execution to 10 at 99.50
    Then I have been told of a fill of 10 at 99.50
    And my order is filled at 99.50
    And the account holds 10 AAPL

  @simulator @container
  Scenario: A correction changes the position
    When I buy 10 AAPL at the market
    And my order is filled at 100.02
    And the exchange corrects my execution to 8 at 100.02
    Then I have been told of a fill of 8 at 100.02
    And the account holds 8 AAPL

  @simulator @container
  Scenario: A busted execution never was
    When I buy 10 AAPL at the market
    And my order is filled at 100.02
    And the exchange busts my execution
    Then I have been told of a fill of 0 at 100.02
    And the account holds 0 AAPL
