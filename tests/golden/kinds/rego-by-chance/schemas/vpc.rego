package atmos
errors contains "bad luck" if rand.intn("dice", 6) == 0
