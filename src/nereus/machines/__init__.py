"""Virtual machines by Terraform: from the plan to a contract that names every machine, its disks and its address."""
