variable "oidc_provider_arn" {
  type        = string
  description = "Identity provider of the cluster whose service accounts take the roles."
}

variable "oidc_issuer" {
  type        = string
  description = "Issuer of that provider, without the scheme."
}

variable "roles" {
  type = list(object({
    name            = string
    namespace       = string
    service_account = string
    policy_arns     = optional(list(string), [])
    statements = optional(list(object({
      actions   = list(string)
      resources = list(string)
    })), [])
  }))
  description = "One role per service account: policies by name, and what else it may do to what."
}
