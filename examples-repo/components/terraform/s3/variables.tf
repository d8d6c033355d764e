variable "bucket_name" {
  type        = string
  description = "Name of the bucket, unique in the world."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts objects."
}

variable "noncurrent_version_days" {
  type        = number
  description = "How long an overwritten or deleted object can be brought back."
}
