package network
errors contains "too large" if input.vars.size > 3
