"""Users, roles, teams, clients, sessions: who may call the hub and with which rights."""
