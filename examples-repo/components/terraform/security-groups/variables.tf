variable "vpc_id" {
  type        = string
  description = "Network of the groups."
}

variable "groups" {
  type = map(object({
    description = string
    ingress = map(object({
      port  = number
      cidr  = optional(string)
      group = optional(string)
    }))
  }))
  description = "Groups by name, each with its rules by name: a port, and a range or a group of this map."
}
