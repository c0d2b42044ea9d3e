"""A CRM's own fields on their way in and out: typed as they come, declared by the mapping, told to faces and rulebooks."""
