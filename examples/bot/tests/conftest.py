import pytest
from bot import Bot


@pytest.fixture
def bot(ib_gateway):
    """The bot, started at a price at which it does not buy yet."""
    ib_gateway.quote("AAPL", bid=100.50, ask=100.52)
    bot = Bot(ib_gateway.host, ib_gateway.port)
    bot.start()
    yield bot
    bot.ib.disconnect()


@pytest.fixture
def until(bot):
    """Let the bot's client run until something is so, for two seconds at most."""

    def wait(is_so):
        for _ in range(200):
            if is_so():
                return
            bot.ib.sleep(0.01)
        raise AssertionError("that did not happen within two seconds")

    return wait
