package atmos
errors contains "every stack has a vpc" if not input.components.terraform.vpc
