import pytest


@pytest.mark.recallsim_scenario("smoke")
def test_receiver(recallsim):
    recallsim.check()
