//! Cases for the reStructuredText extractor.

use super::*;

#[test]
fn a_page() {
    let text = "\
=====
Title
=====

.. _first-part:

First part
----------

See :ref:`the other <other>` and :py:class:`~a.b.C`, `here <https://e.org>`__ or ``code``.

.. code-block:: python
   :linenos:

   def f():
       return 1

.. note::

   Take care.

Literal::

    $ run

* a bullet
#. a step

.. toctree::
   :maxdepth: 2

   hidden

+---+---+
| a | b |
+---+---+

Second
------
";
    let extracted = extract(text);
    assert_eq!(extracted.title.as_deref(), Some("Title"));
    assert_eq!(extracted.sections[1].anchor.as_deref(), Some("first-part"));
    let expected = "\
# Title

## First part

See the other and `a.b.C`, [here](https://e.org) or `code`.

```python
def f():
    return 1
```

**Note:** Take care.

Literal:

```
$ run
```

- a bullet
1. a step

```text
+---+---+
| a | b |
+---+---+
```

## Second
";
    assert_eq!(extracted.text, expected);
}

#[test]
fn simple_tables_stay_aligned() {
    let extracted = extract("=====  ===\nName   Max\n=====  ===\nrate   5\n=====  ===\n\nafter");
    assert_eq!(extracted.text, "```text\n=====  ===\nName   Max\n=====  ===\nrate   5\n=====  ===\n```\n\nafter\n");
}

#[test]
fn broken_markup_stays_text() {
    for text in ["`", "``x", ":ref:`x", "\\", "..", ".. ", ".. x::", "===", "=== ===", "::", ".. _a:\n\nx\n---"] {
        extract(text);
    }
}
