"""What the warehouse tells about itself: the system databases and what SHOW and DESC read."""
