"""What the portal shows: questions to the warehouse and pure functions that make figures of the answers."""
