package atmos

errors contains "take a range of 10/8" if {
  not startswith(input.vars.cidr "10.")
}
