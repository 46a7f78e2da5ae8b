"""SQLite behind SQLAlchemy: tables, repositories, migrations. No SQL lives elsewhere."""
