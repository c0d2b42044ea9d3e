"""The nouns everybody shares: ids, values, instants, events, commands, facts and refusals."""
