use super::*;

/// What is needed comes first, what goes comes last and in the opposite order.
#[test]
fn steps_follow_dependencies() {
    let world = world(
        r#"
        component app
        app needs rds
        app wants app.json {"a": 1}
        app has old-app.json {"a": 1}
        component rds
        rds needs vpc
        component vpc
        vpc wants vpc.json {"a": 1}
        vpc has old-vpc.json {"a": 1}
        gone has gone.json {"a": 1}
        "#,
    );
    expect![[r#"
        0 create vpc.json after []
        1 create app.json after [0]
        2 delete old-app.json after [1]
        3 delete gone.json after [0, 1]
        4 delete old-vpc.json after [0, 1, 2]
    "#]]
    .assert_eq(&steps(&world));
}

/// Unless that one is about to change, or nobody has to wait for it. What was there once is put
/// back, and what goes goes.
#[test]
fn what_depends_on_something_that_does_not_do_well_waits() {
    check(
        r#"
        component db broken
        db wants db.json {"size": 1}
        db has   db.json {"size": 1}
        component app
        app needs db
        app wants app.json {"a": 2}
        app has   app.json {"a": 1}
        component web
        web needs app
        web wants web.json {"a": 1}
        component put-back
        put-back needs db
        put-back wants back.json {"a": 1}
        put-back has   back.json {"a": 2}
        put-back was   back.json {"a": 1}
        put-back has   less.json {"a": 1}
        component new slow
        new wants new.json {"a": 1}
        component after-new
        after-new needs new
        after-new wants x.json {"a": 1}
        component lone slow no-wait
        lone wants lone.json {"a": 1}
        lone has   lone.json {"a": 1}
        component after-lone
        after-lone needs lone
        after-lone wants y.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan da8ad6af025a from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/put-back
                - delete less.json                                  disruptive
                    a: 1
                ~ update back.json                                  drift
                    a: 2 -> 1

              terraform/app
                ~ update app.json
                    a: 1 -> 2

              terraform/after-lone
                + create y.json
                    a: 1

              terraform/after-new
                + create x.json
                    a: 1

              terraform/new
                + create new.json
                    a: 1

              terraform/web
                + create web.json
                    a: 1

              Not well
                terraform/db: degraded: it fell over
                terraform/lone: progressing: 1 of 2 is there
                terraform/new: progressing: 1 of 2 is there

              Held
                terraform/app: it waits for terraform/db to do well, which is degraded: it fell over
                  > make it do well; it is looked at again
                terraform/web: it depends on terraform/app, which is held
                terraform/web: it waits for terraform/db to do well, which is degraded: it fell over
                  > make it do well; it is looked at again

              Held: 1 delete, 2 update, 4 create; 2 components unchanged
        "#]],
    );
}

/// A resource comes behind what it needs, of whatever component; what a person has ordered stays.
#[test]
fn steps_follow_what_resources_need() {
    let world = world(
        r#"
        component app
        app wants a.json {"a": 1}
        app wants b.json {"a": 1}
        app wants space.json {"a": 1}
        app behind a.json b.json
        app behind a.json there.json
        app behind b.json space.json
        app behind b.json late.json
        component base
        base needs app
        base wants late.json {"a": 1}
        component other
        other wants o.json {"a": 1}
        other behind o.json o.json
        other behind o.json space.json
        "#,
    );
    expect![[r#"
        0 create space.json after []
        1 create b.json after [0]
        2 create a.json after [1]
        3 create o.json after [0]
        4 create late.json after [0, 1, 2]
    "#]]
    .assert_eq(&steps(&world));
}

/// What several give is waited for of all of them, in any component, as long as a person has not said
/// otherwise.
#[test]
fn steps_follow_what_others_give() {
    let world = world(
        r#"
        component app
        app wants a.json {"a": 1}
        app awaits a.json Site
        component base
        base wants b.json {"a": 1}
        base gives b.json Site
        component after
        after needs app
        after wants c.json {"a": 1}
        after gives c.json Site
        component still
        still wants d.json {"a": 1}
        still has d.json {"a": 1}
        still gives d.json Site
        "#,
    );
    expect![[r#"
        0 create b.json after []
        1 create a.json after [0]
        2 create c.json after [1]
    "#]]
    .assert_eq(&steps(&world));
}

/// Every step with what it waits for. The audit agrees.
fn steps(world: &World) -> String {
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let effect = plan.effect();
    let line = |(at, step): (usize, &crate::model::plan::Step)| {
        let change = &effect.changes[step.changes[0]];
        format!("{at} {} {} after {:?}\n", change.action.verb(), change.resource, step.after)
    };
    effect.steps.iter().enumerate().map(line).collect()
}
