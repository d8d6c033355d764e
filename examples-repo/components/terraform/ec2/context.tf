# What every stack hands to every component; the same file in each module.

variable "tenant" {
  type        = string
  description = "Who the environment belongs to."
}

variable "account" {
  type        = string
  description = "The cloud account, by the name people use for it."
}

variable "region" {
  type        = string
  description = "The region the provider is set to."
}

variable "environment" {
  type        = string
  description = "Name of the environment, unique within the tenant."
}

variable "tags" {
  type        = map(string)
  description = "Tags of every resource."
}

locals {
  name = "${var.tenant}-${var.environment}"
  tags = merge(var.tags, {
    tenant      = var.tenant
    account     = var.account
    region      = var.region
    environment = var.environment
  })
}
