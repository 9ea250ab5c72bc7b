"""What the server that forks worker processes imports first: it ends with the process that started
it, even while it imports the rest. Numpy without memory tries for hours."""

from .forking import end_with_parent

end_with_parent()
