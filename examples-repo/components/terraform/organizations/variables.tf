variable "units" {
  type        = list(string)
  description = "Organizational units below the root."
}

variable "accounts" {
  type = map(object({
    unit  = string
    email = string
  }))
  description = "Accounts by name, each with its unit and the address of its root user."
}

variable "denied_actions" {
  type        = map(list(string))
  description = "Per unit, what nobody in its accounts may do."
}
