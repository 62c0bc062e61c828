"""What a new feed goes through: its exported chats are read, and the feed itself is looked over."""
