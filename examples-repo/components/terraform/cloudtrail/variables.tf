variable "bucket_name" {
  type        = string
  description = "Bucket that keeps the trail."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts the trail."
}

variable "object_events" {
  type        = bool
  description = "Whether reading and writing single objects is recorded too."
}

variable "log_retention_days" {
  type        = number
  description = "How long events can be searched; the bucket keeps them longer."
}
