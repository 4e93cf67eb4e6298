"""Machines become a cluster by Ansible: inventories, secrets, and playbooks run so that a person can follow."""
