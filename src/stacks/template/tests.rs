use super::*;

#[test]
fn as_many_parsed_templates_are_kept_as_may_be() {
    let settings = TemplateSettings {
        enabled: true,
        sprig: true,
        gomplate: true,
        ignore_missing: false,
        evaluations: 1,
        delimiters: ("{{".into(), "}}".into()),
    };
    let mut templates = Templates::new(settings);
    let mut parse = |number: usize| {
        templates.fields(Moment::Import, &number.to_string().into());
        templates.parsed.len()
    };
    assert_eq!((0..PARSED_MAX).map(&mut parse).last(), Some(PARSED_MAX));
    assert_eq!(parse(0), PARSED_MAX);
    assert_eq!(parse(PARSED_MAX), 1);
}
