variable "rotation_period_days" {
  type        = number
  description = "How often the key material is renewed."
}

variable "deletion_window_days" {
  type        = number
  description = "Days between asking for deletion and losing the key."
}
